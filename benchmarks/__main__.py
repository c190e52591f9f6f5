"""Runs all benchmarks: `python -m benchmarks [--quick] [--json FILE] [PART ...]`.

The parts are `core` (the compiled core and its peers) and those of the service: `requests`, `metering`, `batches`,
`results`, `start`, `memory`. The default is all of them. `python -m benchmarks.figures FOLDER` puts the figures of a
complete run into the documentation.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import core, service


def main(arguments: Sequence[str]) -> None:
    """Measure, print the tables, and write the figures of each part."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="*", help=f"core, {', '.join(service.PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, for a rough result")
    parser.add_argument("--rounds", type=int, help="number of rounds for the service")
    parser.add_argument("--seconds", type=float, help="seconds of each measurement")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    parts = options.part or ["core", *service.PARTS]
    if unknown := set(parts) - {"core", *service.PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    quick = ["--quick"] if options.quick else []
    logging.disable(logging.INFO)  # a peer writes thousands of lines
    figures: dict[str, Any] = {}
    if "core" in parts:
        figures["core"] = [figure._asdict() for figure in core.main(quick)]
    if of_service := [part for part in parts if part != "core"]:
        chosen = [f"--part={part}" for part in of_service]
        sizes = [
            f"--{name}={value}"
            for name in ("rounds", "seconds")
            if (value := getattr(options, name)) is not None
        ]
        figures |= service.main([*quick, *sizes, *chosen])
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


main(sys.argv[1:])

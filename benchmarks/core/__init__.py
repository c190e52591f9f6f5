"""Compares the core with its peers in one run: selections, statistics of posteriors, simulations.

`python -m benchmarks.core` prints the tables. `--json FILE` writes the figures, and `--plot FILE` plots the cost against the
number of arms.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.core import kernel, personas, selection, simulation
from benchmarks.core.report import Figure, show

__all__ = ["main"]


def main(arguments: Sequence[str] = ()) -> list[Figure]:
    """Measure, print the tables, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--plot", type=Path, help="plot the cost against the number of arms into this SVG or PNG file"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the largest and slowest")
    options = parser.parse_args(arguments)
    figures = []
    for part in (selection, personas, kernel, simulation):
        print(f"\n{(part.__doc__ or '').splitlines()[0]}\n")
        measured = part.measure(quick=options.quick)
        show(measured)
        figures += measured
    if options.json:
        options.json.write_text(json.dumps([figure._asdict() for figure in figures], indent=1) + "\n")
    if options.plot:
        from benchmarks.core import plot

        plot.draw(options.plot, plot.measure(quick=options.quick))
    return figures

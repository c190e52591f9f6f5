"""Runs every check and prints the table: `python -m benchmarks.calibrate [--quick] [--write FILE]`."""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.calibrate.checks import CHECKS
from benchmarks.calibrate.measure import FULL, QUICK, Measured

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> int:
    """Run the checks, print the results, and return 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.runs} runs of {QUICK.length:,} each")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="replace the table between its markers in this file"
    )
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    measured = []
    for number, check in enumerate(CHECKS, 1):
        began = time.perf_counter()
        result = check.measure(size)
        measured.append(result)
        print(
            f"[{number:2}/{len(CHECKS)}] {'passes' if result.holds else 'FAILS'}  {check.name}: {result.figure}"
            f" (must be {result.must}; {time.perf_counter() - began:.0f} s)",
            flush=True,
        )
    if arguments.write:
        before, _, rest = arguments.write.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        arguments.write.write_text(f"{before}{BEGIN}\n{table(measured)}\n{END}{after}", "utf-8")
    failed = sum(not result.holds for result in measured)
    print(f"{len(measured) - failed} of {len(measured)} pass")
    return 1 if failed else 0


def table(measured: list[Measured]) -> str:
    """Return the table in Markdown."""
    lines = ["| what | measured | must be |", "|---|---|---|"]
    lines += [
        f"| {check.name} | {result.figure} | {result.must} |"
        for check, result in zip(CHECKS, measured, strict=True)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

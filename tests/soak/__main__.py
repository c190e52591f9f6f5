"""A soak run: mixed load and faults for half an hour. `python -m tests.soak --minutes 30`, or `make soak`.

Half of the time one service with two workers and a PostgreSQL of its own, and half of it two services over one PostgreSQL.
All the while clients select, report, assign, read results, follow the live stream, or send nonsense, and processes are
killed and paused. At the end every acknowledged update must be counted once, nothing else but what was left in doubt,
every participant must have kept its variant, and no process may have grown faster than `memory.py` allows.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.soak.parts import two_services, two_workers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    default = float(os.environ.get("ARMFUL_SOAK_MINUTES", "30"))
    parser.add_argument(
        "--minutes", type=float, default=default, help="for both parts together (default: %(default)s)"
    )
    minutes = parser.parse_args().minutes
    problems = []
    with tempfile.TemporaryDirectory(prefix="armful-soak-") as folder:
        for part in (two_workers, two_services):
            home = Path(folder) / part.__name__
            home.mkdir()
            problems += part(home, minutes / 2)
    print()
    for problem in problems:
        print(f"WRONG: {problem}")
    print(
        "The soak run failed."
        if problems
        else "Every acknowledged update was counted once, and memory stayed level."
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Locust against armful: `python -m loadtests [--users 200,400] [--run-time 30s] [--host URL --api-key KEY] [FURTHER]`.

Without a host, this starts an armful with its PostgreSQL in a temporary folder. Several numbers of users are tried one after
another until one exceeds the limits. The exit status is 1 if the first one does. Locust's own options, and those of
`locustfile.py` (weights, think time, limits), may follow.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.service.servers import Cores, temporary_armful

_HERE = Path(__file__).parent
_BEGIN_WITHIN = 10  # seconds over which users start


def main(arguments: Sequence[str]) -> int:
    """Run Locust for each number of users, and print the largest number within the limits."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", help="URL of a running armful; without it, one is started")
    parser.add_argument("--api-key", default="", help="its API key, with read, select and write")
    parser.add_argument(
        "--users", default="500", help="number of users, or several numbers separated by commas (500)"
    )
    parser.add_argument("--run-time", default="60s", help="duration for each number (60s)")
    parser.add_argument("--html", type=Path, default=Path("loadtest.html"), help="file for the report")
    parser.add_argument(
        "--json", type=Path, help="write the largest number within the limits to this file, as JSON"
    )
    options, further = parser.parse_known_args(arguments)
    held = 0
    kinds: list[Any] = []
    with tempfile.TemporaryDirectory() as folder, _armful(options.host, options.api_key) as (host, key):
        for users in map(int, options.users.split(",")):
            print(f"\n{users} users at {host} for {options.run_time}", flush=True)
            command = [
                *(sys.executable, "-m", "locust", "--locustfile", str(_HERE / "locustfile.py"), "--headless"),
                *("--host", host, "--api-key", key, "--users", str(users), "--run-time", options.run_time),
                *("--spawn-rate", str(max(1, users // _BEGIN_WITHIN)), "--reset-stats"),
                *("--only-summary", "--loglevel", "WARNING", "--html", str(options.html)),
                *("--figures", str(figures := Path(folder, "figures.json")), *further),
            ]
            if subprocess.run(command, check=False).returncode:
                break
            held, kinds = users, json.loads(figures.read_text())
    if options.json and held:
        found = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "cores": os.cpu_count(), "users": held}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps({**found, "run_time": options.run_time, "kinds": kinds}, indent=1) + "\n"
        )
    print(f"\n{held} users stayed within the limits. Report of the last run: {options.html}")
    return 0 if held else 1


@contextmanager
def _armful(host: str | None, key: str) -> Iterator[tuple[str, str]]:
    if host is not None:
        yield host, key
        return
    with temporary_armful(Cores(None, None)) as (server, _):
        yield f"http://127.0.0.1:{server.port}", server.key


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Puts measured figures into the documentation: `python -m benchmarks.figures FOLDER`.

FOLDER contains figures.json, which `python -m benchmarks --json` wrote, or users.json, which `python -m loadtests --json`
wrote, or both. This copies them beside this file, and replaces the tables between the markers `<!-- NAME: begin -->` and
`<!-- NAME: end -->` in docs/performance.md and README.md.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.service import report
from benchmarks.service.batches import Batches
from benchmarks.service.comparison import Result
from benchmarks.service.metering import Metering
from benchmarks.service.report import table
from benchmarks.service.resources import Memory, Start
from benchmarks.service.results import Results
from msgspec import Struct

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "benchmarks"
PAGES = (ROOT / "docs" / "performance.md", ROOT / "README.md")

_HEADLINES = (
    ("select 3 of 100", 16),
    ("select 3 of 10,000", 16),
    ("report", 16),
    ("report", 64),
    ("statistics", 16),
)
_CORE = ("100 arms", "10,000 arms", "1,000,000 arms")
_WAYS = ("select_top_k", "ArmTable.select")


class _Core(Struct):
    what: str
    way: str
    microseconds: float
    ratio: float
    target: float | None = None


class Figures(Struct):
    """The output of a complete run of the benchmarks."""

    machine: dict[str, Any]
    core: list[_Core]
    requests: list[Result]
    metering: Metering
    batches: list[Batches]
    results: list[Results]
    start: list[Start]
    memory: list[Memory]


class _Kind(Struct):
    what: str
    requests: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    limit_ms: float


class Users(Struct):
    """The output of a load test: the largest number of users within the limits, and their response times."""

    date: str
    cores: int
    users: int
    run_time: str
    kinds: list[_Kind]


_FILES = {"figures.json": Figures, "users.json": Users}


def blocks(folder: Path) -> dict[str, str]:
    """Return the text of each marked block, by its name.

    Raises:
        msgspec.ValidationError: A part is missing.
    """
    figures, users = (
        msgspec.json.decode((folder / name).read_bytes(), type=kind) for name, kind in _FILES.items()
    )
    return {
        "users": _users(users),
        "machine": _machine(figures.machine),
        "requests": report.requests(figures.requests),
        "metering": report.metrics(figures.metering),
        "batches": report.batch(figures.batches),
        "results": report.result(figures.results),
        "start": report.start(figures.start),
        "memory": report.memory(figures.memory),
        "core": _core(figures.core),
        "benchmarks": _headlines(figures),
    }


def write_into(text: str, written: dict[str, str]) -> str:
    """Return a page's text with its marked blocks replaced. Blocks with other names remain."""

    def block(found: re.Match[str]) -> str:
        name = found[1]
        if name not in written:
            return found[0]
        return f"<!-- {name}: begin -->\n{written[name]}\n<!-- {name}: end -->"

    return re.sub(r"<!-- ([a-z]+): begin -->\n.*?<!-- \1: end -->", block, text, flags=re.DOTALL)


def main(arguments: Sequence[str]) -> None:
    """Copy the figures, and write the pages."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    for name, kind in _FILES.items():
        if (new := Path(arguments[0], name)).exists():
            content = new.read_bytes()
            msgspec.json.decode(content, type=kind)  # copy complete files only
            (KEPT / name).write_bytes(content)
    written = blocks(KEPT)
    for page in PAGES:
        page.write_text(write_into(page.read_text("utf-8"), written), "utf-8")


def _users(found: Users) -> str:
    seconds = int(found.run_time.removesuffix("s"))
    total = sum(kind.requests for kind in found.kinds)
    rows = [
        [
            kind.what,
            f"{kind.requests:,}",
            f"{kind.p50_ms:.0f}",
            f"{kind.p95_ms:.0f}",
            f"{kind.p99_ms:.0f}",
            f"{kind.limit_ms:.0f}",
        ]
        for kind in found.kinds
    ]
    return (
        f"With {found.users:,} users on {found.cores} cores, the 95th percentiles stayed within the limits ({found.date},"
        f" {total / seconds:,.0f} requests a second for {seconds} seconds, none failed):\n\n"
        + table(["", "requests", "p50 ms", "p95 ms", "p99 ms", "p95 at most"], rows)
    )


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"Measured on {machine['date']}, the median of {machine['rounds']} rounds of {machine['seconds']:g} seconds each:"
        f" {machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, load average"
        f" {machine['load_before']} before the run."
    )


def _core(figures: Sequence[_Core]) -> str:
    chosen = {(one.what, one.way): one for one in figures}
    rows = [
        [what.removesuffix(" arms"), *(_times(chosen[what, way].ratio) for way in _WAYS)]
        for what in _CORE
        if all((what, way) in chosen for way in _WAYS)  # a quick run leaves out the largest
    ]
    return table(["arms", "`select_top_k` on two arrays", "`ArmTable.select`"], rows)


def _headlines(figures: Figures) -> str:
    """Return two short tables: the service and the core."""
    found = {(result.what, result.connections): result for result in figures.requests}
    rows = []
    for what, connections in _HEADLINES:
        result = found[what, connections]
        ours, reference = result.measured["armful"], result.ratios.get("reference")
        rows.append(
            [
                f"{what}, {connections} connections",
                f"{ours.per_second:,.0f}",
                f"{ours.p99_ms:.1f}",
                f"{result.ratios['bare']:.2f}",
                "" if reference is None else _times(reference),
            ]
        )
    head = [
        "one worker, one core",
        "requests/s",
        "p99 ms",
        "of a bare ASGI application",
        "of FastAPI + SQLAlchemy",
    ]
    largest = max(figures.batches, key=lambda one: one.size)
    return _HEADLINE_TEXT.format(
        service=table(head, rows),
        size=f"{largest.size:,}",
        updates=f"{largest.armful:,.0f}",
        core=_core(figures.core),
    )


_HEADLINE_TEXT = """\
One worker and its PostgreSQL share a core, and another core makes the load. The worker checks keys and records metrics. It
takes turns with an ASGI application that only reads the body and returns as many bytes, and with a simple design that asks
the database on each request. A report is answered after its commit:

{service}

In batches of {size}, armful commits {updates} updates a second. ([docs/performance.md](docs/performance.md) says how busy
the machine was.) The core selects 10 arms in one thread this many times as fast as NumPy's `Generator.beta` with
`argpartition` and a sort ([docs/selection.md](docs/selection.md) proves that the result is exactly Thompson sampling's):

{core}

[docs/performance.md](docs/performance.md) has all measurements and the method. `make bench` repeats them on your machine,
and `make loadtest` runs Locust."""


def _times(ratio: float) -> str:
    return f"{ratio:.0f} ×" if ratio >= 20 else f"{ratio:.1f} ×"


if __name__ == "__main__":
    main(sys.argv[1:])

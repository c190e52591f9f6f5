"""Formats the measurements as tables."""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.service import batches, metering, resources, results
from benchmarks.service.batches import Batches
from benchmarks.service.comparison import Result
from benchmarks.service.metering import Metering
from benchmarks.service.resources import Memory, Start
from benchmarks.service.results import Results


def machine() -> dict[str, Any]:
    """Describe the machine."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count(),
        "processor": names[0] if names else platform.processor(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def requests(found: Sequence[Result]) -> str:
    """Requests per second of everybody, and armful's as a multiple of the others'."""
    rows = []
    for result in found:
        for who, measured in result.measured.items():
            ratio = result.ratios.get(who)
            target = result.targets.get(who)
            rows.append(
                [
                    result.what if who == "bare" else "",
                    str(result.connections) if who == "bare" else "",
                    who,
                    f"{measured.per_second:,.0f}",
                    f"{measured.p50_ms:.2f}",
                    f"{measured.p99_ms:.2f}",
                    f"{measured.cpu_us:.0f}",
                    "" if ratio is None else f"{ratio:.2f}",
                    "" if target is None else f"{target:g}",
                ]
            )
    head = ["", "connections", "", "requests/s", "p50 ms", "p99 ms", "CPU µs", "armful ÷ peer", "target"]
    return table(head, rows)


def metrics(found: Metering) -> str:
    """Return the table of what the metrics cost."""
    rows = [
        ["without metrics", f"{found.unmetered_us:.1f}", "", ""],
        ["with metrics", f"{found.metered_us:.1f}", f"{found.cost:.1%}", f"< {metering.TARGET:.0%}"],
        ["one scrape", f"{found.scrape_ms * 1000:,.0f}", "", ""],
    ]
    return table([f"select 3 of 100, {found.pairs} pairs", "CPU µs", "cost", "target"], rows)


def batch(found: Sequence[Batches]) -> str:
    """Return the table of updates per second in batches."""
    rows = []
    for one in found:
        rows.append([f"{one.size:,} a batch", "armful, over HTTP", f"{one.armful:,.0f}", "", ""])
        for way, rate in one.direct.items():
            target = f"{batches.TARGET:g}" if way == "same statement" else ""
            rows.append(["", f"asyncpg alone, {way}", f"{rate:,.0f}", f"{one.ratios[way]:.2f}", target])
    return table(["", "", "updates/s", "armful ÷ peer", "target"], rows)


def result(found: Sequence[Results]) -> str:
    """Return the table of response times of results."""
    rows = [
        [
            f"{one.events:,} events{', day by day' if one.interim else ''}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"< {results.TARGET_MS:g}",
        ]
        for one in found
    ]
    return table(["results of 10 arms, 90 days", "p50 ms", "p99 ms", "target"], rows)


def start(found: Sequence[Start]) -> str:
    """Return the table of start times."""
    rows = [
        [
            f"{one.variants:,} variants",
            f"{one.seconds:.2f}",
            f"{one.megabytes:.0f}",
            f"< {resources.TARGET_SECONDS:g} s",
        ]
        for one in found
    ]
    return table(["start", "seconds", "worker's MB", "target"], rows)


def memory(found: Sequence[Memory]) -> str:
    """Return the table of memory use over a million updates."""
    rows = [[f"{one.updates:,}", f"{one.megabytes:.1f}"] for one in found]
    return table(["updates counted", "worker's MB"], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, padded so that its source is readable. Numbers are aligned to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = [
        all(not line[column] or line[column].lstrip("< −-")[:1].isdigit() for line in rows)
        for column in range(len(head))
    ]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + (":" if to_right else "-") for width, to_right in zip(widths, right, strict=True)
    ]
    return "\n".join([line(head), line(rule), *map(line, rows)])

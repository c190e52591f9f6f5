"""The limits that docs/security.md and docs/guarantees.md state are those of the program."""

from pathlib import Path

import pytest

from armful.db import pool
from armful.features.insights import live
from armful.http import bodies
from armful.server import connection, process, reaper, request_reader
from armful.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {
    name: " ".join((DOCS / f"{name}.md").read_text("utf-8").split()) for name in ("security", "guarantees")
}
KIB = 1024

LIMITS = [
    ("security", "{:,} for each process, or what the system allows", connection.HttpConnection.limit),
    (
        "guarantees",
        "| connections of a process | {:,}, or what `ulimit -n` allows |",
        connection.HttpConnection.limit,
    ),
    ("security", "{:.0f} KiB in total, ", request_reader.HEAD_LIMIT / KIB),
    ("security", "{:.0f} KiB of URL", request_reader.URL_LIMIT / KIB),
    ("security", "and {} headers, counted as they arrive", request_reader.HEADER_COUNT_LIMIT),
    ("guarantees", "and trailers | {:.0f} KiB, ", request_reader.HEAD_LIMIT / KIB),
    ("guarantees", "KiB, {} headers |", request_reader.HEADER_COUNT_LIMIT),
    ("security", "| thousands of streams | {:,} for each process", live._MAX_STREAMS),
    ("guarantees", "bytes not yet parsed | {:.0f} MB in a process |", reaper.UNREAD_LIMIT / 1e6),
    ("guarantees", "| a response that the client does not read | {:.0f} s |", process.UNREAD_TIMEOUT / 1e3),
    (
        "guarantees",
        "wait for a database connection | {} for each of `ARMFUL_POOL_SIZE` |",
        pool._CALLERS_PER_CONNECTION,
    ),
    ("guarantees", "`ARMFUL_BODY_LIMIT`, {:.0f} MB; ", Settings().body_limit / 1e6),
    ("guarantees", " MB; {} such at a time", {10: "ten"}.get(bodies._FULL_SIZE_BODIES)),
    ("guarantees", "`ARMFUL_WAIT_LIMIT`, {:g} s;", Settings().wait_limit),
    ("guarantees", "`ARMFUL_RECEIVE_TIMEOUT`, {:.0f} s |", Settings().receive_timeout),
    ("guarantees", "is closed after {:.0f} seconds (`ARMFUL_KEEP_ALIVE`)", Settings().keep_alive),
]


@pytest.mark.parametrize(("page", "words", "limit"), LIMITS, ids=[words for _, words, _ in LIMITS])
def test_a_limit_is_as_stated(page: str, words: str, limit: float) -> None:
    assert words.format(limit) in PAGES[page]

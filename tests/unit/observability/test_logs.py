"""Log lines: one event each whatever it holds, in both formats, with the id of the request and never a value."""

import json
import subprocess
import sys
from typing import Any

import pytest

from armful.observability.logs import escape_control_characters, format_exception

FORGED = "x\r\n2026-01-01 00:00:00 [info     ] forged\x1b[2J\x9b31m\u2028y"

PROGRAM = """
import logging, structlog
from armful.observability import logs
logs.configure("info", json={json})
logs.REQUEST_ID.set(b"abc-1")
log = structlog.get_logger()
log.debug("not written")
log.info("event", value={value!r}, number=3)
logging.getLogger("uvicorn.error").error("%s", {value!r})
secret = "a-local-variable"
try:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError({value!r}) from error
except ValueError:
    log.exception("failed")
"""


def written(*, json: bool) -> list[str]:
    """What a program writes that logs hostile text in every way."""
    program = PROGRAM.format(json=json, value=FORGED)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    text = done.stderr.decode()
    assert "a-local-variable" not in text
    assert "\x1b" not in text
    assert "\x9b" not in text
    return text.rstrip("\n").split("\n")


def test_json_lines() -> None:
    found: list[dict[str, Any]] = [json.loads(line) for line in written(json=True)]
    assert [line["event"] for line in found] == ["event", FORGED, "failed"]
    assert {line["request_id"] for line in found} == {"abc-1"}
    assert found[0]["value"] == FORGED
    trace = found[2]["exception"]
    assert trace.index("KeyError: 'inner'") < trace.index("which led to") < trace.index("ValueError: x")


def test_console_lines() -> None:
    first, second, third, *trace = written(json=False)
    for line in (first, second, third):
        assert line[:3] == "202"
        assert "request_id=abc-1" in line
    assert "forged" in first
    assert trace
    assert all(line.startswith("  | ") for line in trace)


def test_what_an_exception_says_is_cut_where_it_is_long() -> None:
    assert len(format_exception(RuntimeError("x" * 10_000))) < 300


def test_a_ring_of_exceptions_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert format_exception(one).count("ValueError") == 2


def test_a_group_of_exceptions_is_told_whole() -> None:
    found = format_exception(ExceptionGroup("several", [ValueError("one"), KeyError("other")]))
    assert "ValueError: one" in found
    assert "KeyError: 'other'" in found


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_written_out(character: str) -> None:
    assert character not in escape_control_characters(f"a{character}b")
    assert escape_control_characters("ä · 漢") == "ä · 漢"


def test_other_libraries_are_quiet_below_warnings() -> None:
    # In a process of its own: libraries that tests use configure logging too.
    program = (
        "import logging; from armful.observability import logs; logs.configure('info', json=False);"
        "print(logging.getLogger('asyncio').isEnabledFor(logging.INFO), logging.getLogger('asyncio').isEnabledFor(30))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True"]

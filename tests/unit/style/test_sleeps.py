"""A test that sleeps for a fixed time says why; where something can be awaited, it awaits that."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[2]
SHORT = 0.05
"""Seconds below which a sleep is the step of a loop that polls."""


def unexplained_sleeps(source: str) -> list[int]:
    """Lines that sleep for a fixed time of SHORT or longer without a comment on the same line."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "sleep"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, int | float)
        and node.args[0].value >= SHORT
        and "  # " not in lines[node.lineno - 1]
    ]


def test_unexplained_sleeps_are_found() -> None:
    source = "time.sleep(1)\ntime.sleep(0.01)\nasyncio.sleep(0.05)\ntime.sleep(2)  # the pause is tested\n"
    assert unexplained_sleeps(source) == [1, 3]


def test_every_fixed_sleep_says_why() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in unexplained_sleeps(path.read_text("utf-8"))
    ]
    assert found == []

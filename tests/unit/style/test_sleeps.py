"""A test that sleeps says why; where something can be awaited, it awaits that."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[2]
SHORT = 0.05
"""Seconds below which a sleep is the step of a loop that polls."""


def unexplained_sleeps(source: str) -> list[int]:
    """Lines that sleep for SHORT or longer, or for a time that is computed, without a comment on the same line."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "sleep"
        and node.args
        and not (isinstance(node.args[0], ast.Constant) and node.args[0].value < SHORT)
        and "  # " not in lines[node.lineno - 1]
    ]


def test_unexplained_sleeps_are_found() -> None:
    source = "time.sleep(1)\ntime.sleep(0.01)\nasyncio.sleep(0.05)\ntime.sleep(2)  # the pause is tested\ntime.sleep(x)\n"
    assert unexplained_sleeps(source) == [1, 3, 5]


def test_every_sleep_says_why() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.name != "soak.py"  # its load has a pace
        for line in unexplained_sleeps(path.read_text("utf-8"))
    ]
    assert found == []

"""Every test asserts something."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[2]

CHECKS = {"problem", "check", "expect", "until", "wait_until"}
"""Helpers that assert or time out, by name. Functions of the test's own file that assert are found."""


def asserts(node: ast.AST, helpers: set[str]) -> bool:
    """Whether something is asserted in here, by a statement, by pytest, or by a helper."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            return True
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
            if name in helpers or name in ("raises", "warns", "fail") or name.startswith("assert_"):
                return True
    return False


def without_assertion(path: Path) -> list[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    helpers = set(CHECKS)
    while more := {one.name for one in functions if asserts(one, helpers)} - helpers:
        helpers |= more
    return [
        f"{path.relative_to(TESTS)}::{one.name}"
        for one in functions
        if one.name.startswith("test_") and not asserts(one, helpers)
    ]


def test_every_test_asserts_something() -> None:
    found = [name for path in sorted(TESTS.rglob("test_*.py")) for name in without_assertion(path)]
    assert found == []

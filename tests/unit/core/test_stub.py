"""The stubs of the compiled module fit it, and document all of it."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import armful
from armful import _core, core

STUBS = sorted(Path(armful.__file__).with_name("_core").glob("*.pyi"))


def test_the_stubs_fit_the_compiled_module(tmp_path):
    # The stubs are a package, but the compiled module is one file.
    allowed = tmp_path / "allowed"
    allowed.write_text("\n".join(rf"armful\._core\.{path.stem}" for path in STUBS if path.stem != "__init__"))
    command = [
        sys.executable,
        "-m",
        "mypy.stubtest",
        "armful._core",
        "--concise",
        "--allowlist",
        str(allowed),
    ]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def nodes() -> list[ast.stmt]:
    return [node for path in STUBS for node in ast.parse(path.read_text("utf-8")).body]


def test_everything_public_is_documented_in_the_stubs():
    definitions = [
        inner
        for node in nodes()
        for inner in ast.walk(node)
        if isinstance(inner, ast.FunctionDef | ast.ClassDef)
    ]
    undocumented = [
        node.name for node in definitions if node.name != "__new__" and not ast.get_docstring(node)
    ]
    assert len(definitions) > len(core.__all__)
    assert undocumented == []


def test_the_public_module_exports_the_whole_of_the_compiled_one():
    assert sorted(core.__all__) == sorted(_core.__all__)


METHODS = [name for name in dir(core.ArmTable) if not name.startswith("_")]
# Every public function, the table and its methods, by name, as `help` shows them.
DOCUMENTED = {name: getattr(core, name) for name in core.__all__}
DOCUMENTED |= {f"ArmTable.{name}": getattr(core.ArmTable, name) for name in METHODS}


def test_help_shows_what_the_stubs_say():
    stubs = {node.name: node for node in nodes() if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in stubs["ArmTable"].body:
        if isinstance(node, ast.FunctionDef):
            stubs[f"ArmTable.{node.name}"] = node
    for name, value in DOCUMENTED.items():
        assert value.__doc__ == ast.get_docstring(stubs[name]), name


@pytest.mark.parametrize("name", DOCUMENTED)
def test_everything_has_an_example_that_runs_as_written(name):
    namespace = {name: getattr(core, name) for name in core.__all__} | {"np": np}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    examples = parser.get_doctest(DOCUMENTED[name].__doc__, namespace, name, None, 0)
    assert examples.examples
    assert runner.run(examples).failed == 0


def test_the_modules_example_runs_as_written():
    runner = doctest.DocTestRunner()
    assert (
        runner.run(doctest.DocTestParser().get_doctest(core.__doc__ or "", {}, "armful.core", None, 0)).failed
        == 0
    )

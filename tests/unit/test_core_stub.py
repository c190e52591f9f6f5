"""The stub of the compiled module tells the truth, and documents all of it."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import armful
from armful import _core, core

STUB = Path(armful.__file__).with_name("_core.pyi")


def test_the_stub_fits_the_compiled_module():
    command = [sys.executable, "-m", "mypy.stubtest", "armful._core", "--concise"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_everything_public_is_documented_in_the_stub():
    tree = ast.parse(STUB.read_text())
    definitions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    undocumented = [
        node.name for node in definitions if node.name != "__new__" and not ast.get_docstring(node)
    ]
    assert undocumented == []


def test_the_public_module_exports_the_whole_of_the_compiled_one():
    assert sorted(core.__all__) == sorted(_core.__all__)


def test_the_examples_run_as_written():
    namespace = {name: getattr(core, name) for name in core.__all__}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    for node in ast.walk(ast.parse(STUB.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            runner.run(parser.get_doctest(ast.get_docstring(node) or "", dict(namespace), node.name, None, 0))
    runner.run(parser.get_doctest(core.__doc__ or "", {}, "armful.core", None, 0))
    assert runner.summarize(verbose=False).failed == 0

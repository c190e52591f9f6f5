"""The command line as a whole."""

import subprocess
import sys

from click.testing import CliRunner

from armful.cli import _COMMANDS, armful


def test_the_help_names_every_command_and_loads_none() -> None:
    program = (
        "import sys; from armful.cli import armful; armful(['--help'], standalone_mode=False);"
        "print([name for name in sys.modules if name in ('numpy', 'litestar', 'uvicorn', 'httpx2', 'scipy')])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for name, (_, _, summary) in _COMMANDS.items():
        assert f" {name} " in said
        assert summary.split()[0] in said
    assert said.rstrip().endswith("[]")


def test_every_command_says_how_it_is_used() -> None:
    for name in _COMMANDS:
        result = CliRunner().invoke(armful, [name, "--help"])
        assert result.exit_code == 0, name
        assert f"Usage: armful {name}" in result.stdout


def test_a_command_that_is_not_there_is_a_sentence() -> None:
    result = CliRunner().invoke(armful, ["fly"])
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr

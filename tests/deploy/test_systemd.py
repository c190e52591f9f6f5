"""The systemd units are valid, and the settings and commands that they name exist."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.deploy.conftest import DEPLOY, program

from armful.cli import armful
from armful.settings import Settings

UNITS = sorted((DEPLOY / "systemd").iterdir())
PROGRAM = "/opt/armful/bin/armful"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_settings_and_commands_exist(unit: Path) -> None:
    text = unit.read_text()
    for name in re.findall(r"ARMFUL_(\w+)", text):
        assert name.lower() in Settings.__struct_fields__
    for command in re.findall(rf"{PROGRAM} (\w+)", text):
        assert command in armful.list_commands(None)  # type: ignore[arg-type]
    assert unit.suffix != ".service" or PROGRAM in text


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    # systemd-analyze checks that the program exists, and armful may not be installed in /opt on this machine.
    for one in UNITS:
        (tmp_path / one.name).write_text(one.read_text().replace(PROGRAM, "/bin/true"))
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "armful" in line] == []

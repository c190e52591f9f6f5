"""The units of systemd are such, and speak of settings and commands there are."""

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
def test_a_unit_names_what_there_is(unit: Path) -> None:
    text = unit.read_text()
    for name in re.findall(r"ARMFUL_(\w+)", text):
        assert name.lower() in Settings.__struct_fields__
    for command in re.findall(rf"{PROGRAM} (\w+)", text):
        assert command in armful.list_commands(None)  # type: ignore[arg-type]
    assert unit.suffix != ".service" or PROGRAM in text


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    # With programs that are on this machine: whether ours is installed says nothing of the unit.
    for one in UNITS:
        (tmp_path / one.name).write_text(one.read_text().replace(PROGRAM, "/bin/true"))
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "armful" in line] == []

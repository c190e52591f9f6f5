"""`armful backup` and `armful restore` as commands on the embedded database."""

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from tests import processes

from armful.cli.backup import backup, restore
from armful.domain.errors import ArmfulError
from armful.settings import Settings


def command(what: Any, data_dir: Path, file: Path, *options: str) -> Result:
    return CliRunner().invoke(what, [str(file), *options], obj=Settings(data_dir=data_dir))


def test_the_embedded_database_running_and_stopped(tmp_path: Path) -> None:
    data, other, file = tmp_path / "data", tmp_path / "other", tmp_path / "backup.tar"
    assert "There is no database in the data folder" in str(command(backup, data, file).exception)
    with processes.serving(data) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        done = command(backup, data, file)
        assert "1 variants with 1 impressions and 0 successes" in done.output
        service.show()
        refused = command(restore, data, file, "--replace")
        assert "is in use by process" in str(refused.exception)
    assert command(restore, other, file).exit_code == 0
    assert isinstance(command(restore, data, file).exception, ArmfulError)
    assert command(restore, data, file, "--replace").exit_code == 0
    for folder in (data, other):
        with processes.serving(folder) as service:
            assert service.impressions() == 1
            service.show()
            assert service.impressions() == 2
    assert "2 impressions" in command(backup, other, file, "--replace").output

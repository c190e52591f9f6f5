"""What `armful backup` does about the file it is to write."""

import os
from pathlib import Path

from click.testing import CliRunner
from tests.conftest import Running

from armful.cli.backup import FileExists, NoFolder, NotRegular, backup


def test_an_existing_file_is_replaced_only_where_asked(service: Running, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("something else")
    refused = CliRunner().invoke(backup, [str(file)], obj=service.settings)
    assert isinstance(refused.exception, FileExists)
    assert str(refused.exception) == f"{file} exists already: name another file, or replace it with --replace"
    assert file.read_text() == "something else"
    made = CliRunner().invoke(backup, [str(file), "--replace"], obj=service.settings)
    assert made.exit_code == 0, made.output
    assert file.stat().st_size > 1000


def test_a_folder_that_does_not_exist_is_named(service: Running, tmp_path: Path) -> None:
    refused = CliRunner().invoke(backup, [str(tmp_path / "none" / "x.tar")], obj=service.settings)
    assert isinstance(refused.exception, NoFolder)
    assert str(tmp_path / "none") in str(refused.exception)


def test_what_is_not_a_file_is_never_replaced(service: Running, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = CliRunner().invoke(backup, [str(pipe), "--replace"], obj=service.settings)
    assert isinstance(refused.exception, NotRegular)
    assert pipe.is_fifo()

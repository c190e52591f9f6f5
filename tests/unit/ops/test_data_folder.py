"""Nobody else can choose the key with every scope."""

import os
from pathlib import Path

import pytest

from armful.ops.data_folder import own_key, unsafe_folder, unsafe_key


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    key = own_key(folder)
    assert key.startswith("armful_")
    assert own_key(folder) == key
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "api-key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_closed(tmp_path: Path) -> None:
    own_key(tmp_path)
    (tmp_path / "api-key").chmod(0o644)
    own_key(tmp_path)
    assert (tmp_path / "api-key").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    own_key(tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(ValueError, match=r"can be written to by other users \(mode 777\): `chmod go-w "):
        own_key(tmp_path)
    tmp_path.chmod(0o755)
    assert unsafe_folder(tmp_path) is None


def test_a_folder_of_our_own_group_may_be_written_to_by_the_group(tmp_path: Path) -> None:
    os.chown(tmp_path, -1, os.getegid())
    tmp_path.chmod(0o770)
    assert unsafe_folder(tmp_path) is None


def test_a_key_behind_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("armful_chosen_by_somebody_else")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "api-key").symlink_to(elsewhere)
    with pytest.raises(ValueError, match="api-key is a symbolic link: delete it"):
        own_key(folder)
    (folder / "api-key").unlink()
    (folder / "api-key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is a symbolic link"):
        own_key(folder)


def test_something_else_than_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "api-key").mkdir()
    with pytest.raises(ValueError, match="api-key is not a file: delete it"):
        own_key(tmp_path)


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "api-key").touch(mode=0o600)
    with pytest.raises(ValueError, match="is empty: delete it"):
        own_key(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_another_users_key_is_refused(tmp_path: Path) -> None:
    own_key(tmp_path)
    os.chown(tmp_path / "api-key", 12345, -1)
    assert unsafe_key(tmp_path / "api-key") == (
        f"{tmp_path / 'api-key'} belongs to user 12345, and this is user 0: "
        "delete it, and the next start makes a new API key."
    )

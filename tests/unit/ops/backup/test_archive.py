"""A backup's file: whatever happens to it, it is whole or it is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armful.ops.backup import _archive
from armful.ops.backup._archive import CannotWrite, Damaged, Manifest
from armful.ops.backup.store import Content

CONTENTS = [b"PGDMP", b"\x00" * 600, b"the end"]
MANIFEST = Manifest(
    armful="0.1.0", at=datetime(2026, 11, 22, tzinfo=UTC), server="18.4", migration=5,
    tables={"variant_performance": Content(2, 1801, 161), "experiment": Content(1)},
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "backup.tar"
    _archive.write(file, MANIFEST, lambda: iter(CONTENTS))
    return file


def test_what_was_written_is_read(whole: Path) -> None:
    manifest = _archive.read(whole)
    assert b"".join(_archive.dump(whole)) == b"".join(CONTENTS)
    assert manifest.tables == MANIFEST.tables
    assert (manifest.at, manifest.size) == (MANIFEST.at, 612)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(at=st.integers(0, 5000), change=st.binary(min_size=1, max_size=600))
def test_bytes_that_changed_are_noticed_where_they_matter(
    whole: Path, tmp_path: Path, at: int, change: bytes
) -> None:
    text = whole.read_bytes()
    file = tmp_path / "changed.tar"
    file.write_bytes(text[:at] + change + text[at + len(change) :])
    try:
        manifest = _archive.read(file)
        dump = b"".join(_archive.dump(file))
    except Damaged:
        return
    assert dump == b"".join(CONTENTS)
    # The manifest is believed as it is; what it says is compared with the database before a restore is committed.
    assert manifest.sha256


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(length=st.integers(0, 4000), anything=st.binary(max_size=2000))
def test_what_is_cut_short_or_something_else_is_refused(
    whole: Path, tmp_path: Path, length: int, anything: bytes
) -> None:
    file = tmp_path / "other.tar"
    for text in (whole.read_bytes()[: min(length, 1536)], anything):
        file.write_bytes(text)
        with pytest.raises(Damaged):
            _archive.read(file)


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("the last one")

    def breaks_off() -> Iterator[bytes]:
        yield b"something"
        raise RuntimeError("pg_dump died")

    with pytest.raises(RuntimeError, match="pg_dump died"):
        _archive.write(file, MANIFEST, breaks_off)
    with pytest.raises(CannotWrite, match="No space left on device"):
        _archive.write(file, MANIFEST, full)
    assert file.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [file]


def full() -> Iterator[bytes]:
    yield b"something"
    with Path("/dev/full").open("wb", buffering=0) as disk:
        disk.write(b"?")


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="No such file or directory"):
        _archive.write(tmp_path / "none" / "backup.tar", MANIFEST, lambda: iter(CONTENTS))

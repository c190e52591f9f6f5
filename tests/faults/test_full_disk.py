"""The embedded database's disk full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.faults.conftest import check
from tests.faults.load import Load
from tests.processes import serving, wait_until

from armful.ops.postgres import find_running

pytestmark = pytest.mark.alone

SIZE = 200_000_000
BATCH = {
    "updates": [
        {"variant_id": "filler", "impression": True, "success": False, "metadata": {"text": "x" * 2000}}
        for _ in range(500)
    ]
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def ballast(place: Path, free: int) -> Iterator[None]:
    """Fill a disk up to so many bytes until the block ends."""
    file = place / "ballast"
    try:
        with file.open("wb", buffering=0) as out:
            for size in (1_000_000, 4096):
                with suppress(OSError):
                    while out.write(b"x" * size):
                        pass
            out.truncate(out.tell() - free)
        yield
    finally:
        file.unlink()


@pytest.mark.parametrize("free", [0, 8_000_000], ids=["tables cannot grow", "the log cannot grow"])
def test_a_full_disk_refuses_updates_and_loses_none(small_disk: Path, free: int) -> None:
    data_dir = small_disk / "data"
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "filler"})
        load = Load(service)
        with load.running() as book:
            with ballast(small_disk, free):
                # Until what PostgreSQL had set aside for itself is used up too.
                wait_until(
                    lambda: service.request("POST", "/performance/batch", BATCH).status_code == 503, 60
                )
                selections, refusals = len(book.selected), book.refused
                wait_until(lambda: book.refused > refusals + 20 and len(book.selected) > selections + 20)
            before = book.counted.total()
            wait_until(lambda: book.counted.total() > before + 100, 60)
        dsn = find_running(data_dir)
        assert dsn is not None
        check(book, dsn, service)

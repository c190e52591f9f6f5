"""Statements are found by name."""

import sys
from pathlib import Path

import pytest

from armful.db.queries import load


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package's folder, to put SQL files in."""
    folder = tmp_path / "package_with_sql"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop("package_with_sql", None)


def test_a_statement_ends_where_the_next_begins(package: Path) -> None:
    (package / "queries.sql").write_text(
        "-- About it.\n-- name: one\n-- Why.\nSELECT 1;\n\n-- name: two\nSELECT 2\n"
    )
    assert load("package_with_sql") == {"one": "-- Why.\nSELECT 1;", "two": "SELECT 2"}


def test_two_statements_of_one_name_are_an_error(package: Path) -> None:
    (package / "other.sql").write_text("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n")
    with pytest.raises(ValueError, match=r"other\.sql in package_with_sql names a statement twice"):
        load("package_with_sql", "other.sql")

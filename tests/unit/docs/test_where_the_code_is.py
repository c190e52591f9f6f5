"""The paths and names by which CONTRIBUTING.md and docs/architecture.md lead to the code exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "python/armful"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
STEP = re.compile(r"^\W*([A-Za-z_.]+) {2,}((?:[a-z_]+/)+[a-z_.]+)(?: |$)", re.MULTILINE)
"""A step of a walk: a name, and the file or folder that defines it."""


def steps() -> list[tuple[str, str]]:
    walks = [block for block in re.findall(r"```text\n(.*?)```", ARCHITECTURE, re.DOTALL) if "▼" in block]
    assert len(walks) == 2
    return [step for walk in walks for step in STEP.findall(walk)]


def source(path: str) -> str:
    """The text of a file, or of all files of a folder."""
    found = next((base / path for base in (PACKAGE, ROOT) if (base / path).exists()), None)
    assert found is not None, f"there is no {path}"
    files = sorted(found.rglob("*")) if found.is_dir() else [found]
    return "\n".join(file.read_text("utf-8") for file in files if file.suffix in {".py", ".rs", ".sql"})


def test_each_walk_has_about_a_dozen_steps() -> None:
    assert 18 <= len(steps()) <= 28


@pytest.mark.parametrize(("name", "path"), steps())
def test_each_step_of_a_walk_is_defined_where_the_walk_says(name: str, path: str) -> None:
    last = re.escape(name.rpartition(".")[2])
    assert re.search(rf"\b(?:class|def|struct|FUNCTION armful\.|FUNCTION)\s*{last}\b", source(path)), (
        f"{path} does not define {name}"
    )


def test_sql_functions_of_the_walk_exist() -> None:
    functions = re.findall(r"^  ├ (\w+)|^  └ (\w+)", ARCHITECTURE, re.MULTILINE)
    assert functions
    for name in filter(None, (a or b for a, b in functions)):
        assert (PACKAGE / "db/functions" / f"{name}.sql").is_file(), name


def test_paths_in_contributing_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:python|rust|docs|tests|deploy|clients)/[\w./-]+)`", text)
    assert len(named) > 10
    for path in named:
        assert (ROOT / path).exists(), f"CONTRIBUTING.md names {path}"
    folder = PACKAGE / "db/functions"
    for path in re.findall(r"`(\w+\.sql)`", text):
        assert (folder / path).is_file(), f"CONTRIBUTING.md names {path}"

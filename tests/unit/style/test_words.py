"""Old and coined words do not come back, in code, pages and interface.

The list has what is unmistakable: names that were replaced by the field's own, and sentences that read like a translation.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

OLD_NAMES = (
    "Exchange", "Gatekeeper", "Heats", "Keyring", "Later", "Meter", "Recorder", "Registry", "Sweeper", "Tidier", "regime",
    "take_in", "particulars",
)  # fmt: skip
"""Class and function names of the first edition. `Registry` and `Exchange` may be part of longer names."""

SENTENCES = (
    "as it were", "by its own words", "for good and all", "goes on serving", "in the commit's hands", "lifelike",
    "Stop: it does harm", "single this variant out", "judged by the test", "found four times in five", "Split held",
    "What it can find", "Must not rise", "What is known before", "This key may only look", "Which variant goes on",
    "Least shares", "watched daily", "choosing blindly", "variants of other origin",
)  # fmt: skip

PLACES = (
    "python",
    "dashboard/src",
    "clients",
    "docs",
    "rust",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "deploy",
)


def texts() -> list[tuple[str, str]]:
    """Every text file of the project that people read, with its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PLACES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    ends = (".py", ".pyi", ".sql", ".rs", ".md", ".ts", ".tsx", ".yml", ".yaml", ".service", ".toml")
    paths = [ROOT / name for name in listed if name.endswith(ends)]
    return [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def project() -> list[tuple[str, str]]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    found = texts()
    assert len(found) > 300
    return found


@pytest.mark.parametrize("name", OLD_NAMES)
def test_no_definition_bears_an_old_name(project: list[tuple[str, str]], name: str) -> None:
    pattern = re.compile(
        rf"^\s*(?:async def|def|class|fn|struct|enum|trait|(?:export )?function|interface) {name}\b", re.M
    )
    assert [path for path, text in project if pattern.search(text)] == []


@pytest.mark.parametrize("words", SENTENCES)
def test_no_text_has_an_old_phrase(project: list[tuple[str, str]], words: str) -> None:
    assert [path for path, text in project if words.lower() in text.lower()] == []

"""Old and coined words do not come back, in code, pages and interface.

The lists contain what is unmistakable: names that the field's own terms replaced, and phrases that read like a translation.
"""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import skip_without

ROOT = Path(__file__).parents[3]

OLD_WORDS = (
    "Gatekeeper", "Heats", "Keyring", "Recorder", "Sweeper", "Tidier", "particulars", "regime", "take_in", "waves",
)  # fmt: skip
"""Words that appear nowhere: neither as a name nor in a text."""

OLD_NAMES = ("Exchange", "Follower", "Front", "Gate", "Job", "Later", "Meter", "Note", "Race", "Registry")
"""Names that nothing defines. They may be words of a text, or parts of longer names."""

PHRASES = (
    "a request's turn", "as it falls", "as it were", "by its own words", "choosing blindly", "chosen blindly",
    "for good", "found four times in five", "goes on serving", "gone on with", "hears of", "in earnest",
    "in its own words", "in the commit's hands", "is told of", "judged by the test", "Least shares", "lifelike",
    "Lift, watched", "may be watched", "Must not rise", "Nothing is called before that", "now and then",
    "single this variant out", "Split held", "stayed away", "Stop: it does harm", "that nobody can repeat",
    "the luck of the", "This key may only look", "to be had", "told apart", "told so", "variants of other origin",
    "watched daily", "What is known before", "What it can find", "what stands against", "Which variant goes on",
)  # fmt: skip
"""Phrases that must be read twice, most of them from the first edition, in any case."""

PLACES = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "mkdocs.yml",
    "benchmarks", "clients", "dashboard/src", "deploy", "docs", "loadtests", "python", "rust",
)  # fmt: skip

_DEFINITION = (
    r"^\s*(?:export |pub(?:\(\w+\))? )?(?:async )?(?:def|class|fn|struct|enum|trait|function|interface|type)"
)


def texts() -> list[tuple[str, str]]:
    """Every text file of the project that people read, with its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PLACES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    ends = (
        ".css", ".html", ".lua", ".md", ".mjs", ".py", ".pyi", ".rs", ".service", ".sh", ".sql", ".svg", ".toml", ".ts",
        ".tsx", ".yaml", ".yml",
    )  # fmt: skip
    paths = [ROOT / name for name in listed if name.endswith(ends)]
    return [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def project() -> list[tuple[str, str]]:
    if not (ROOT / ".git").exists():
        skip_without("This is not a git checkout: clone the project")
    found = texts()
    assert len(found) > 300
    return found


@pytest.mark.parametrize("word", OLD_WORDS)
def test_an_old_word_appears_nowhere(project: list[tuple[str, str]], word: str) -> None:
    pattern = re.compile(rf"\b{word}\b")
    assert [path for path, text in project if word in text and pattern.search(text)] == []


@pytest.mark.parametrize("name", OLD_NAMES)
def test_nothing_defines_an_old_name(project: list[tuple[str, str]], name: str) -> None:
    pattern = re.compile(rf"{_DEFINITION} {name}\b", re.MULTILINE)
    assert [path for path, text in project if name in text and pattern.search(text)] == []


@pytest.mark.parametrize(
    "line",
    [
        "class Gate:",
        "    async def Gate(",
        "pub struct Gate<'a>",
        "pub(crate) fn Gate(",
        "export type Gate =",
    ],
)
def test_definitions_are_found_in_each_language(line: str) -> None:
    assert re.search(rf"{_DEFINITION} Gate\b", line)


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_has_an_old_phrase(project: list[tuple[str, str]], phrase: str) -> None:
    # A phrase may be broken over two lines.
    pattern = re.compile(r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE)
    assert [path for path, text in project if pattern.search(text)] == []

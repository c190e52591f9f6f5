"""Percentages are written in one way, in commands, texts and the dashboard: `12.3 %`."""

import re
from pathlib import Path

import pytest

from armful.cli._format import percent

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("fraction", "options", "text"),
    [
        (0.1234, {}, "12.3 %"),
        (0.1234, {"decimals": 0}, "12 %"),
        (0.05, {"sign": True}, "+5.0 %"),
        (-0.05, {"sign": True}, "-5.0 %"),
        (12.5, {}, "1,250.0 %"),
    ],
)
def test_a_percentage_has_a_no_break_space_before_the_sign(
    fraction: float, options: dict[str, int], text: str
) -> None:
    assert percent(fraction, **options) == text.replace(" ", "\N{NO-BREAK SPACE}")


def without_space(text: str) -> list[str]:
    """Percentages of a text without a space before the sign, and format specifications that make such percentages."""
    return re.findall(r"[\w ,.+]*\d%(?![\w;{])|:[+,]?[.\d]*%\}", text)


def test_percentages_without_a_space_are_found() -> None:
    assert without_space("at 95% of 3 %, f'{share:.1%}' and f'{share:+.1%}', but %2F and 80%2F") == [
        "at 95%", ":.1%}", ":+.1%}",
    ]  # fmt: skip


def test_no_command_page_or_text_writes_a_percentage_without_a_space() -> None:
    folders = ("", "clients", "deploy", "docs", "python/armful")
    paths = [
        path
        for folder in folders
        for ending in ("*.md", "*.py", "*.sql")
        for path in ((ROOT / folder).rglob(ending) if folder else ROOT.glob(ending))
        if "node_modules" not in path.parts
    ]
    assert len(paths) > 200
    # Their tables are output of benchmarks, and are renewed with it.
    paths = [path for path in paths if path.name not in ("performance.md", "statistics.md")]
    found = {str(path): without_space(path.read_text("utf-8")) for path in paths}
    assert {path: texts for path, texts in found.items() if texts} == {}

"""What docs/security.md rests its claims on is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_test_that_is_named_exists() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    known = {name for source in sources for name in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 40
    assert named <= known, named - known


def test_every_threat_has_something_that_holds_it() -> None:
    rows = re.findall(r"^\| .* \| .* \| (.*) \|$", PAGE.partition("## Threats")[2], re.MULTILINE)
    claims = [row for row in rows if row != "tests and settings"]
    assert len(claims) > 25
    assert all("`" in claim for claim in claims)

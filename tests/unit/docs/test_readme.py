"""What README.md says of the settings, the make targets and other files is so."""

import ast
import inspect
import re
from pathlib import Path

import msgspec

from armful.settings import Settings

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")


def docstrings() -> dict[str, str]:
    """The docstring under each setting."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = inspect.cleandoc(str(text.value.value)).replace("\n", " ")
    return found


def table() -> str:
    """The table of settings as README.md must have it."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    said = docstrings()
    for field in msgspec.structs.fields(Settings):
        default = "unset" if field.default in (None, ()) else f"`{field.default}`"
        lines.append(f"| `ARMFUL_{field.name.upper()}` | {default} | {said[field.name]} |")
    return "\n".join(lines)


def test_the_table_of_settings_is_complete_and_says_what_their_docstrings_say() -> None:
    found = re.search(r"<!-- settings: begin -->\n(.*?)\n?<!-- settings: end -->", README, re.DOTALL)
    assert found, "README.md has lost the markers of its table of settings"
    assert found[1] == table(), f"README.md's table of settings should be:\n{table()}"


def test_every_variable_that_is_named_is_one_of_a_setting() -> None:
    known = {f"ARMFUL_{name.upper()}" for name in Settings.__struct_fields__}
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Dockerfile"]
    for page in [*pages, *(path for path in ROOT.glob("deploy/**/*") if path.is_file())]:
        named = set(re.findall(r"\bARMFUL_[A-Z_]+\b", page.read_text("utf-8")))
        assert named <= known, f"{page.name} names {named - known}"


def test_every_relative_link_leads_to_a_file() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in ROOT.glob("*.md"):
        named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", page.read_text("utf-8")))
        assert named <= targets, f"{page.name} names make {named - targets}"

"""Gathers the pages of docs/, and those from other sources."""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from docs.site import api, commands, python

# Sections of README that are pages of the site. They have one source, and tests check it.
_SECTIONS = {
    "quickstart.md": (
        "Quickstart",
        ("Two commands", "First requests", "The dashboard", "From Python", "The core by itself"),
    ),
    "configuration.md": ("Configuration", ("Configuration",)),
}
_ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "clients/typescript/README.md": "typescript.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def gather(root: Path, work: Path) -> Path:
    """Put every page into `work`/docs, and return Zensical's configuration for a site in `work`/site."""
    pages = work / "docs"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(root / "docs", pages, ignore=shutil.ignore_patterns("site", "__pycache__"))
    shutil.copy(root / "docs" / "site" / "site.css", pages)
    shutil.copy(root / "dashboard" / "public" / "assets" / "icon.svg", pages / "images")
    readme = (root / "README.md").read_text("utf-8")
    for name, (title, sections) in _SECTIONS.items():
        text = "\n".join(_section(readme, section, alone=len(sections) == 1) for section in sections)
        (pages / name).write_text(f"# {title}\n\n{text}", "utf-8")
    (pages / "index.md").write_text(_index(readme), "utf-8")
    for source, name in _ELSEWHERE.items():
        if source != "README.md":
            text = (root / source).read_text("utf-8")
            (pages / name).write_text(text.replace("# armful-client\n", "# TypeScript\n", 1), "utf-8")
    (pages / "api.md").write_text(api.page(root), "utf-8")
    (pages / "openapi.json").write_text(api.document(root), "utf-8")
    (pages / "python.md").write_text(python.page(root), "utf-8")
    (pages / "commands.md").write_text(commands.page(), "utf-8")
    (pages / "decisions" / "index.md").write_text(_decisions(pages / "decisions"), "utf-8")
    # Links in pages from other sources are relative to their source.
    homes = {name: (root / source).parent for source, name in _ELSEWHERE.items()} | dict.fromkeys(
        _SECTIONS, root
    )
    for page in pages.rglob("*.md"):
        inner = page.relative_to(pages)
        home = homes.get(str(inner), root / "docs")
        page.write_text(rewritten(page.read_text("utf-8"), home / inner.parent, root, pages, inner), "utf-8")
    return _configuration(root, work, pages)


def _configuration(root: Path, work: Path, pages: Path) -> Path:
    settings = yaml.safe_load((root / "mkdocs.yml").read_text("utf-8"))
    named = {page for group in settings["nav"] for page in _pages_of(group)}
    there = {str(page.relative_to(pages)) for page in pages.rglob("*.md")}
    if missing := named - there:
        raise ValueError(f"mkdocs.yml lists pages that do not exist: {', '.join(sorted(missing))}")
    if others := sorted(page for page in there - named if not page.startswith("decisions/")):
        print(f"mkdocs.yml's nav does not list {', '.join(others)}: they appear under More")
        settings["nav"].append({"More": others})
    file = work / "mkdocs.yml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), "utf-8")
    return file


def _pages_of(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    return [
        page for part in (entry.values() if isinstance(entry, dict) else entry) for page in _pages_of(part)
    ]


def _section(readme: str, title: str, *, alone: bool) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"README.md has no section '{title}'")
    text = re.sub(r"^<!--.*?-->\n", "", found[1], flags=re.MULTILINE).strip()
    return f"{text}\n" if alone else f"## {title}\n\n{text}\n"


def _index(readme: str) -> str:
    """Return README's introduction, links to further pages, and README's first picture."""
    opening = readme.split("\n## ", 1)[0].strip()
    links = [
        ("Quickstart", "quickstart.md", "two commands, then first requests with curl and Python"),
        ("Thompson sampling", "concepts.md", "how it chooses, and what it gains"),
        (
            "Experiments",
            "experiments.md",
            "A/B tests whose results you may look at every day",
        ),
        ("HTTP API", "api.md", "every endpoint and every field"),
        ("Operating", "operating.md", "installing, several hosts, monitoring, backups, upgrades"),
        ("Guarantees", "guarantees.md", "what is guaranteed when workers, databases and networks fail"),
        (
            "Migrating to armful",
            "migration.md",
            "from GrowthBook, Azure Personalizer, or your own table",
        ),
    ]
    lines = [f"- **[{name}]({page})**: {text}" for name, page, text in links]
    picture = re.search(r"^!\[.*$", readme, re.MULTILINE)
    return "\n".join([opening, "", "## Where to go", "", *lines, "", picture[0] if picture else "", ""])


def _decisions(folder: Path) -> str:
    notes = [
        (note.stem[:10], note.read_text("utf-8").partition("\n")[0].removeprefix("# "), note.name)
        for note in sorted(folder.glob("*-*.md"))
    ]
    lines = [f"| {day} | [{title}]({name}) |" for day, title, name in notes]
    head = [
        "# Decisions",
        "",
        "Why armful is built as it is, and which alternatives were considered.",
        "",
        "| day | decision |",
        "|---|---|",
    ]
    return "\n".join([*head, *lines, ""])


def rewritten(text: str, home: Path, root: Path, pages: Path, inner: Path) -> str:
    """Point links to their targets in the site. A link to something outside the site becomes plain text."""

    def lead(match: re.Match[str]) -> str:
        picture, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        if (pages / inner.parent / target).is_file() and home.is_relative_to(root / "docs"):
            return match[0]
        file = (home / target).resolve()
        if file == root / "README.md" and anchor == "#configuration":
            found, anchor = Path("configuration.md"), ""
        elif file.is_relative_to(root) and str(file.relative_to(root)) in _ELSEWHERE:
            found = Path(_ELSEWHERE[str(file.relative_to(root))])
        elif file.is_relative_to(root / "docs") and (pages / file.relative_to(root / "docs")).exists():
            found = file.relative_to(root / "docs")
        else:
            found = inner.parent / target  # written for the site
        if (pages / found).is_dir():
            found /= "index.md"
        if not (pages / found).is_file():
            return "" if picture else words
        up = "../" * len(inner.parent.parts)
        return f"{picture}[{words}]({up}{found}{anchor})"

    return "".join(part if part.startswith("```") else _LINK.sub(lead, part) for part in _FENCE.split(text))

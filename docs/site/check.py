"""Checks that no page of the site loads anything from another host."""

import re
from pathlib import Path

# What a browser loads by itself. <a href> is not among it, because a person follows it.
_IN_PAGES = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?![^>]*\brel\s*=\s*["']?(?:canonical|prev|next|alternate)\b)[^>]*?\bhref\s*=\s*["']?(?:https?:)?//[^"'\s>]+""",
    re.IGNORECASE,
)
_IN_STYLES = re.compile(r"""(?:@import\s+|url\(\s*)["']?(?:https?:)?//[^"'\s)]+""", re.IGNORECASE)


def no_other_host(site: Path) -> None:
    """Check that no page and no style sheet makes a browser load anything from another host.

    Raises:
        ValueError: One does. The message names it.
    """
    for kind, pattern in (
        ("html", _IN_PAGES),
        ("css", _IN_STYLES),
        ("html", _IN_STYLES),
        ("svg", _IN_STYLES),
    ):
        for file in site.rglob(f"*.{kind}"):
            if found := pattern.search(file.read_text("utf-8")):
                raise ValueError(
                    f"{file.relative_to(site)} would load something from another host: {found[0]}"
                )

"""Cells of CSV files that a spreadsheet opens.

A spreadsheet takes a cell that begins with =, +, -, @, a tab or a carriage return for a formula. An apostrophe before it
makes it text.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guard(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would take it for a formula, or for a guarded text."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """Return the text that `guard` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text

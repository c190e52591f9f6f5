"""Types of the commands' options."""

import math
import os
from pathlib import Path
from typing import Any

import rich_click as click


class OutputFile(click.Path):
    """A file to write. Its folder must exist, so that a long run does not lose its result."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Check that the file can be written."""
        file = Path(os.fsdecode(super().convert(value, param, ctx)))
        folder = file.absolute().parent
        if not folder.is_dir():
            self.fail(f"Cannot write {file}: there is no folder {folder}", param, ctx)
        if not os.access(folder, os.W_OK | os.X_OK) and not file.exists():
            self.fail(f"Cannot write {file}: the folder {folder} cannot be written to", param, ctx)
        return file


class KeyName(click.ParamType[str]):
    """The name of an API key."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that the name has 1 to 255 printable characters."""
        if not 1 <= len(value) <= 255 or not value.isprintable():
            self.fail(f"{visible(value)[:100]!r} does not have 1 to 255 printable characters", param, ctx)
        return str(value)


def visible(text: str) -> str:
    """Return a text of somebody else's for a terminal, with control characters escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class FiniteRange(click.FloatRange):
    """A number within limits, and never NaN or infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Check that the value is finite and within the limits."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number

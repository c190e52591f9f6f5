"""The SQL of this package, by name: each `sql/*.sql` holds statements headed by `-- name: …` and a comment that says why."""

import re
from importlib.resources import files


def load(filename: str) -> dict[str, str]:
    """The statements of `sql/<filename>`, keyed by their names.

    Raises:
        ValueError: a name stands twice.
    """
    text = (files("armful.storage") / "sql" / filename).read_text("utf-8")
    parts = re.split(r"^-- name: *(\w+) *$", text, flags=re.MULTILINE)[1:]
    names = parts[::2]
    if len(set(names)) < len(names):
        raise ValueError(f"{filename} names a statement twice")
    return {name: sql.strip() for name, sql in zip(names, parts[1::2], strict=True)}

"""Reads the SQL files that stand beside the modules that use them.

Each `*.sql` file holds statements headed by `-- name: …` and a comment that says why.
"""

import re
from importlib.resources import files


def load(package: str, filename: str = "queries.sql") -> dict[str, str]:
    """The statements of a package's SQL file, by name.

    Args:
        package: The package the file lies in, such as `armful.features.keys`.
        filename: The file's name.

    Raises:
        ValueError: two statements have the same name.
    """
    text = (files(package) / filename).read_text("utf-8")
    parts = re.split(r"^-- name: *(\w+) *$", text, flags=re.MULTILINE)[1:]
    names = parts[::2]
    if len(set(names)) < len(names):
        raise ValueError(f"{filename} in {package} names a statement twice")
    return {name: sql.strip() for name, sql in zip(names, parts[1::2], strict=True)}

"""Loads the SQL files next to the modules that use them.

Each `*.sql` file contains statements. A line `-- name: …` starts a statement, and a comment explains it.
"""

import re
from importlib.resources import files


def load(package: str, filename: str = "queries.sql") -> dict[str, str]:
    """Return the statements of a package's SQL file, by name.

    Args:
        package: The package that contains the file, such as `armful.features.keys`.
        filename: The file's name.

    Raises:
        ValueError: Two statements have the same name.
    """
    text = (files(package) / filename).read_text("utf-8")
    parts = re.split(r"^-- name: *(\w+) *$", text, flags=re.MULTILINE)[1:]
    names = parts[::2]
    if len(set(names)) < len(names):
        raise ValueError(f"{filename} in {package} names a statement twice")
    return {name: sql.strip() for name, sql in zip(names, parts[1::2], strict=True)}

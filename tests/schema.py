"""What the migrations and functions make of an empty database, as text: `python -m tests.schema` writes it to schema.sql."""

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

import armful.db
from armful.db.migrate import migrate
from armful.ops.postgres import EmbeddedPostgres, find_programs

FILE = Path(armful.db.__file__).with_name("schema.sql")
_HEAD = """\
-- The database that the migrations and functions make, as pg_dump says it. `make schema` writes this file; don't edit it.
-- Why things are as they are is said where they are made: migrations/ and functions/.

"""
_UNSTABLE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE)
"""Lines that say with what the dump was made, and headings."""


def dump(dsn: str) -> str:
    """Everything in the schema `armful` of a database: tables, types, indexes, constraints, functions and triggers."""
    said = subprocess.run(
        [find_programs(None) / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--schema=armful", dsn],
        check=True,
        capture_output=True,
        text=True,
    ).stdout  # fmt: skip
    # Comments within functions stay: only whole lines outside of them are taken out.
    parts = re.split(r"(AS \$\$\n.*?\n?\$\$;)", said, flags=re.DOTALL)
    parts[::2] = [_UNSTABLE.sub("", part) for part in parts[::2]]
    return _HEAD + re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip() + "\n"


def main() -> None:
    """Write the file anew."""
    with (
        tempfile.TemporaryDirectory(prefix="armful-schema-") as folder,
        EmbeddedPostgres(Path(folder) / "data") as server,
    ):
        asyncio.run(migrate(server.dsn))
        FILE.write_text(dump(server.dsn))


if __name__ == "__main__":
    main()

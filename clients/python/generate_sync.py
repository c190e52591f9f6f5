"""Write the synchronous client from the asynchronous one: `python clients/python/generate_sync.py`, or `make client`.

`unasync` does the same for whole folders; this is one module, and its docstrings change with it.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "python" / "armful" / "client"
TARGET = FOLDER / "_sync.py"

_TITLE = "The client for asynchronous programs, on asyncio or trio."
_SYNC_TITLE = (
    "The client for synchronous programs.\n\nGenerated from `_async.py` by `make client`: change that.\n"
)

REPLACEMENTS = (
    (re.escape(_TITLE), _SYNC_TITLE),
    ("for asynchronous programs. Close it", "for use from any thread. Close it"),
    ("an `async with` statement", "a `with` statement"),
    (r"\bAsyncClient\b", "Client"),
    (r"\basync def\b", "def"),
    (r"\bawait ", ""),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\baclose\b", "close"),
    (r"\banyio\.sleep\b", "time.sleep"),
    (r"^import anyio\n", ""),
    (r"^from collections\.abc import", "import time\nfrom collections.abc import"),
)


def synchronous(source: str) -> str:
    """The synchronous client's source, before formatting."""
    for pattern, replacement in REPLACEMENTS:
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    # Parentheses around what was awaited.
    source = re.sub(r"\((self\.(?:_do|select)\((?:[^()]|\([^()]*\))*\))\)\.", r"\1.", source)
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def main() -> None:
    """Write the module, or with `--check` fail where it is stale."""
    wanted = synchronous((FOLDER / "_async.py").read_text("utf-8"))
    if "--check" not in sys.argv:
        TARGET.write_text(wanted, "utf-8")
    elif TARGET.read_text("utf-8") != wanted:
        sys.exit(f"{TARGET} is stale: run `make client`.")


if __name__ == "__main__":
    main()

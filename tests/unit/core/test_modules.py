"""The modules of the Rust core use each other without a circle."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "rust" / "core" / "src"


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCES).with_suffix("").parts
    return "::".join(parts[:-1] if parts[-1] in ("mod", "lib") else parts)


def test_no_module_uses_itself_through_others() -> None:
    modules = {name_of(path): path for path in SOURCES.rglob("*.rs") if path.stem not in ("tests", "lib")}
    uses: dict[str, set[str]] = {}
    for name, path in modules.items():
        parent = name.rpartition("::")[0]
        code = path.read_text("utf-8").partition("#[cfg(test)]")[0]
        uses[name] = set()
        for start, target in re.findall(r"^use (crate|super)::(\w+(?:::\w+)*)", code, re.MULTILINE):
            full = target if start == "crate" else f"{parent}::{target}".removeprefix("::")
            while full and full not in modules:
                full = full.rpartition("::")[0]
            # A part uses the whole it belongs to, as `impl` blocks in files of their own do.
            if full and full != name and not name.startswith(f"{full}::"):
                uses[name].add(full)
    assert uses["arm_table::dimensions"] == {"arm_table::filters", "arm_table::pairs"}
    assert len(list(TopologicalSorter(uses).static_order())) == len(modules)

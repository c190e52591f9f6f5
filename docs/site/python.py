"""Generates the page of the Python packages from their signatures and docstrings."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints, is_typeddict

import msgspec

from armful import client
from armful.client import fields
from armful.contract import experiments, insights, outcomes, results, selection, variants
from armful.tools import simulate as simulation

_HEAD = """# Python

Three packages are public: the client, which is all that an application needs; the core, which needs no service; and the
simulation, which `armful simulate` runs.

"""
_CORE = """## armful.core

The compiled core works on NumPy arrays. Import it with `from armful import core`.

"""
_SECTION = re.compile(r"^(Args|Returns|Raises|Attributes):\s*$")
_FIELD = re.compile(r"^(\w[\w, *]*): +(.*)$")


def page(root: Path) -> str:
    """Return the page."""
    parts = [_HEAD, f"## armful.client\n\n{_prose(client.__doc__ or '')}\n"]
    parts.append(
        _signature("### Client", "Client", inspect.signature(client.Client))
        + _prose(client.Client.__doc__ or "")
    )
    parts.append(
        "\n`AsyncClient` has the same methods as coroutines, and `aclose` instead of `close`."
        " `ABTestingClient` is an alias of it.\n"
    )
    for name, method in vars(client.Client).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            parts.append(
                _signature(f"#### {name}", name, _without_self(method)) + _prose(method.__doc__ or "")
            )
    parts.append(f"\n### Errors\n\n```text\n{inspect.cleandoc(client.ClientError.__doc__ or '')}\n```\n")
    parts += ["\n### Keyword arguments\n", *map(_fields, _own(fields))]
    parts.append("\n### Contract\n")
    for module in (variants, selection, outcomes, experiments, results, insights):
        parts += map(_fields, _own(module))
    parts.append(_CORE)
    for stub in sorted((root / "python" / "armful" / "_core").glob("[a-z]*.pyi")):
        parts += _stub(stub.read_text("utf-8"))
    parts.append(f"\n## armful.tools.simulate\n\n{_prose(simulation.__doc__ or '')}\n")
    for name in ("compare", "lai_robbins", "draw"):
        function = getattr(simulation, name)
        parts.append(
            _signature(f"### {name}", name, inspect.signature(function)) + _prose(function.__doc__ or "")
        )
    return "\n".join(parts) + "\n"


def _own(module: ModuleType) -> list[Any]:
    """Return the typed dictionaries and structs that a module defines."""
    return [
        kind
        for kind in vars(module).values()
        if getattr(kind, "__module__", "") == module.__name__
        and (is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)))
    ]


def _without_self(method: Any) -> inspect.Signature:
    signature = inspect.signature(method)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _signature(heading: str, name: str, signature: inspect.Signature) -> str:
    words = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z]|None)", "", str(signature)).replace("'", "")
    return f"\n{heading}\n\n```python\n{name}{words}\n```\n\n"


def _fields(kind: Any) -> str:
    hints = get_type_hints(kind)
    if is_typeddict(kind):
        required = set(kind.__required_keys__)
    else:
        required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    lines = [
        f"\n#### {kind.__name__}\n",
        _prose(kind.__doc__ or ""),
        "",
        "| field | type | required |",
        "|---|---|---|",
    ]
    for name, hint in hints.items():
        plain = isinstance(hint, type) and not hasattr(hint, "__args__")
        words = re.sub(r"\b(?:\w+\.)+(?=\w)", "", hint.__name__ if plain else str(hint))
        need = "yes" if name in required else "no"
        lines.append(f"| `{name}` | `{words.replace('|', chr(92) + '|')}` | {need} |")
    return "\n".join(lines) + "\n"


def _stub(source: str) -> list[str]:
    parts = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            parts.append(_definition(node, "###"))
        elif isinstance(node, ast.ClassDef):
            parts.append(f"\n### {node.name}\n\n{_prose(ast.get_docstring(node) or '')}\n")
            parts += [
                _definition(inner, "####")
                for inner in node.body
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
            ]
    return parts


def _definition(node: ast.FunctionDef, level: str) -> str:
    arguments = re.sub(r"^self(, )?", "", ast.unparse(node.args))
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    said = _prose(ast.get_docstring(node) or "")
    return f"\n{level} {node.name}\n\n```python\n{node.name}({arguments}){returns}\n```\n\n{said}\n"


def _prose(docstring: str) -> str:
    """Convert a docstring to Markdown: sections in bold, their entries as a list, examples as code."""
    lines: list[str] = []
    section = ""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
        if paragraph.lstrip().startswith(">>>") or (paragraph.startswith("    ") and not section):
            code = textwrap.dedent(paragraph)
            if lines[-2:] == ["```", ""]:  # the example continues
                lines[-2:] = ["", code, "```", ""]
            else:
                lines += ["```python", code, "```", ""]
            continue
        body = paragraph.split("\n")
        if found := _SECTION.match(body[0]):
            section = found[1]
            lines += [f"**{section}**", ""]
            body = inspect.cleandoc("\n".join(["", *body[1:]])).split("\n")
            lines += (
                _entries(body) if section != "Returns" else [_plain(" ".join(line.strip() for line in body))]
            )
        else:
            lines.append(_plain("\n".join(line.strip() for line in body)))
        lines.append("")
    return "\n".join(lines)


def _entries(body: list[str]) -> list[str]:
    """Convert `name: meaning` lines and their continuations to a list."""
    entries: list[str] = []
    for line in body:
        if (found := _FIELD.match(line)) and not line.startswith(" "):
            names = ", ".join(f"`{name.strip()}`" for name in found[1].split(","))
            entries.append(f"- {names}: {_plain(found[2])}")
        elif entries:
            entries[-1] += f" {_plain(line.strip())}"
        else:
            entries.append(_plain(line))
    return entries


def _plain(text: str) -> str:
    """Remove Sphinx roles and double backquotes."""
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", text).replace("``", "`")

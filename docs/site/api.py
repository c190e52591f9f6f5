"""Generates the page of the HTTP API from the OpenAPI document: a static page that can be searched and printed."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

_REFERENCE = "#/components/schemas/"
_HEAD = """# HTTP API

This page lists every endpoint and every field. It is generated from the [OpenAPI document](openapi.json), which a running
service has at `/openapi.json`. `/docs` of a running service has forms to send requests.

Requests and responses are JSON. Every request needs the header `Authorization: Bearer <key>`, except those to `/health/…`,
`/docs`, `/openapi.json` and the dashboard's files. Errors are `application/problem+json` ([Problem](#problem)). Their
`detail` is a sentence that names the wrong value.
"""


def document(root: Path) -> str:
    """Return the OpenAPI document as JSON."""
    script = root / "clients" / "typescript" / "openapi.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, cwd=root)
    return json.dumps(json.loads(done.stdout), indent=1)


def page(root: Path) -> str:
    """Return the page."""
    api = json.loads(document(root))
    schemas = api["components"]["schemas"]
    groups: dict[str, list[str]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(path, method, operation))
    parts = [_HEAD]
    for tag, operations in groups.items():
        parts += [f"## {tag.capitalize()}", *operations]
    parts.append("## Schemas")
    parts += [_schema(name, schemas[name]) for name in sorted(schemas)]
    return "\n\n".join(parts) + "\n"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    lines = [
        f"### {method.upper()} {path}",
        "",
        f"**{operation['summary']}.** {_text(operation.get('description', ''))}",
        "",
    ]
    if parameters := operation.get("parameters"):
        lines += ["| parameter | in | type | default | meaning |", "|---|---|---|---|---|"]
        for one in parameters:
            schema = one.get("schema", {})
            default = f"`{json.dumps(schema['default'])}`" if schema.get("default") is not None else ""
            default = "required" if one.get("required") else default
            lines.append(
                f"| `{one['name']}` | {one['in']} | {_type(schema)} | {default} | {_cell(one.get('description', ''))} |"
            )
        lines.append("")
    if body := operation.get("requestBody"):
        lines += [f"Body: {_contents(body['content'])}", ""]
    problems = []
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            lines += [f"Response {status}: {_contents(answer.get('content', {})) or 'no body'}", ""]
        else:
            problems.append(status)
    if problems:
        lines.append(f"Errors: {', '.join(problems)}")
    return "\n".join(lines).rstrip()


def _schema(name: str, schema: dict[str, Any]) -> str:
    lines = [f"### {name} {{ #{anchor(name)} }}", "", _text(schema.get("description", "")), ""]
    required = schema.get("required", ())
    if fields := schema.get("properties"):
        lines += ["| field | type | default | meaning |", "|---|---|---|---|"]
        for field, inner in fields.items():
            default = f"`{json.dumps(inner['default'])}`" if "default" in inner else ""
            default = "required" if field in required else default
            lines.append(
                f"| `{field}` | {_type(inner)} | {default} | {_cell(inner.get('description', ''))} |"
            )
    elif "enum" in schema:
        lines.append(_type(schema))
    return "\n".join(lines).rstrip()


def anchor(name: str) -> str:
    """Return the anchor of a schema on the page."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _contents(content: dict[str, Any]) -> str:
    return ", or ".join(f"{_type(one.get('schema', {}))} as `{kind}`" for kind, one in content.items())


def _type(schema: dict[str, Any]) -> str:
    """Describe a schema in a few words."""
    if reference := schema.get("$ref"):
        name = reference.removeprefix(_REFERENCE)
        return f"[{name}](#{anchor(name)})"
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(dict.fromkeys(_type(part) for part in parts))
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        if prefix := schema.get("prefixItems"):
            return f"[{', '.join(_type(item) for item in prefix)}]"
        return f"list of {_type(schema.get('items') or {})}{_range(schema, 'minItems', 'maxItems', ' items')}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    if kind == "string":
        named = {"date-time": "time (RFC 3339)", "date": "date", "uuid": "UUID"}.get(
            schema.get("format", ""), "string"
        )
        return named + _range(schema, "minLength", "maxLength", " characters")
    if kind in ("integer", "number"):
        return kind + _bounds(schema)
    return str(kind)


def _range(schema: dict[str, Any], least: str, most: str, what: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    return f", {low or 0} to {high:,}{what}" if high is not None else f", at least {low}{what}"


def _bounds(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    words = []
    if low is not None:
        words.append(f"{'≥' if 'minimum' in schema else '>'} {low:,}")
    if high is not None and high < 2**53:
        words.append(f"{'≤' if 'maximum' in schema else '<'} {high:,}")
    return f" {', '.join(words)}" if words else ""


def _text(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).strip()


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")

"""`armful doctor`."""

import sys

import msgspec
import rich_click as click
from rich.console import Console
from rich.text import Text

from armful.ops.doctor import Finding, examine
from armful.settings import Settings

_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the service.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port of the service."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def doctor(settings: Settings, host: str, port: int, as_json: bool) -> None:
    """Diagnose this installation: programs, data folder, database and service.

    The exit status is 1 if there is a problem, and 0 if there are only warnings or none. Nothing is changed.
    """
    findings = []
    console = Console(highlight=False, soft_wrap=True)
    for finding in examine(settings, host, port):
        findings.append(finding)
        if not as_json:
            _show(console, finding)
    problems = sum(finding.verdict == "problem" for finding in findings)
    warnings = sum(finding.verdict == "warning" for finding in findings)
    if as_json:
        answer = {"problems": problems, "warnings": warnings, "findings": findings}
        click.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())
    else:
        click.echo(
            f"{_number(problems, 'problem')}, {_number(warnings, 'warning')}"
            if problems or warnings
            else "No problems found."
        )
    sys.exit(1 if problems else 0)


def _show(console: Console, finding: Finding) -> None:
    sign, colour = _SIGNS[finding.verdict]
    console.print(Text.assemble((sign, colour), f" {finding.subject}: {finding.detail}"))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

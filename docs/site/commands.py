"""Generates the page of the command line from the commands."""

import inspect
from typing import Any

import rich_click as click

from armful.cli import armful


def page() -> str:
    """Return the page."""
    context = click.Context(armful, info_name="armful")
    parts = ["# Command line", "", "`armful COMMAND --help` shows the same in the terminal.", ""]
    for name in armful.list_commands(context):
        command = armful.get_command(context, name)
        assert command is not None
        parts += _command(f"armful {name}", command, context, level=2)
    return "\n".join(parts)


def _command(name: str, command: click.Command, parent: click.Context, level: int) -> list[str]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [
        f"{'#' * level} {name}",
        "",
        f"`{name} {usage}`",
        "",
        inspect.cleandoc(command.help or "").replace("\b", ""),
        "",
    ]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            below = command.get_command(context, inner)
            assert below is not None
            parts += _command(f"{name} {inner}", below, context, level + 1)
        return parts
    options = [
        one
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden and one.name != "help"
    ]
    if options:
        parts += ["| option | default | meaning |", "|---|---|---|"]
        parts += [_row(option, context) for option in options]
        parts.append("")
    return parts


def _row(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    default: Any = option.get_default(context)
    flag = option.is_flag or default is None or default is False or default == ()
    shown = "" if flag or str(default).startswith("Sentinel") else f"`{default}`"
    if option.required:
        shown = "required"
    meaning = (option.help or "").replace("|", "\\|")
    return f"| {names} | {shown} | {meaning} |"

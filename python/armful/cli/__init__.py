"""The command `armful`."""

import errno
import os
import sys
from importlib import import_module
from typing import NoReturn

import rich_click as click

from armful import __version__
from armful.domain.errors import ArmfulError
from armful.observability import logs
from armful.ops.postgres import EmbeddedPostgresError
from armful.settings import explain_unknown, from_environment, unknown_variables

# A command's module is imported only when the command runs, so that `armful --help` is fast.
_COMMANDS = {
    "serve": (
        "armful.cli.serve",
        "serve",
        "Serve the API, with an embedded PostgreSQL unless ARMFUL_DATABASE_URL is set.",
    ),
    "migrate": ("armful.cli.migrate", "migrate", "Migrate the database to the schema of this version."),
    "keys": ("armful.cli.keys", "keys", "Create, list, rotate and revoke API keys."),
    "import": ("armful.cli.transfer", "import_variants", "Create variants with their history from a file."),
    "export": ("armful.cli.transfer", "export_variants", "Write variants with their counters to a file."),
    "backup": ("armful.cli.backup", "backup", "Back up the database to a file, while armful keeps serving."),
    "restore": ("armful.cli.backup", "restore", "Restore a backup, completely or not at all."),
    "doctor": ("armful.cli.doctor", "doctor", "Diagnose this installation."),
    "power": ("armful.cli.power", "power", "Calculate the sample size of an experiment."),
    "demo": ("armful.cli.demo", "demo", "Fill an empty service with sample variants and simulated visitors."),
    "watch": ("armful.cli.watch", "watch", "Show a running service in the terminal."),
    "simulate": ("armful.cli.simulate", "simulate", "Compare policies on given success rates."),
    "replay": ("armful.cli.replay", "replay", "Replay real headline tests against a running service."),
}


class _Lazy(click.RichGroup):
    _listing = False

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, from the commands' names and summaries alone."""
        self._listing = True
        try:
            return super().get_help(ctx)
        finally:
            self._listing = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, summary = _COMMANDS[cmd_name]
        if self._listing:
            return click.RichCommand(name=cmd_name, help=summary)
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="armful")
def armful() -> None:
    """Pick the best variant, live."""


def main() -> None:
    """Run the command. An error is printed as a sentence: with exit status 2 if the command is used wrongly, and else 1."""
    try:
        settings = from_environment(os.environ)
        logs.configure(settings.log_level, json=settings.log_format == "json")
        for name, similar in unknown_variables(os.environ).items():
            print(f"armful: {explain_unknown(name, similar)}", file=sys.stderr)
        sys.exit(armful(obj=settings, prog_name="armful", standalone_mode=False))
    except click.ClickException as error:
        _fail(_explain(error), error.exit_code)
    except click.Abort:
        _fail("Interrupted")
    except (ArmfulError, EmbeddedPostgresError, ValueError) as error:
        _fail(str(error))
    except MemoryError:
        _fail("There is not enough memory for this")
    except OSError as error:
        # Somebody's file or terminal. Other system errors are faults of armful's.
        if error.filename is not None:
            _fail(f"{error.filename}: {error.strerror}")
        if error.errno in (errno.ENOSPC, errno.EPIPE, errno.EIO):
            _fail(f"Cannot write the output: {error.strerror}")
        raise


def _fail(sentence: str, status: int = 1) -> NoReturn:
    print(f"armful: {sentence}", file=sys.stderr)
    sys.exit(status)


def _explain(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return error.format_message()
    return f"{error.format_message().rstrip('.')}: see {error.ctx.command_path} --help"

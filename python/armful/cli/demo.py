"""`armful demo`."""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import rich_click as click
from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from armful.cli._format import percent
from armful.cli._service import key_option, known_key, url_option
from armful.cli._types import FiniteRange
from armful.domain.errors import ArmfulError
from armful.ops.postgres import _launch
from armful.settings import Settings
from armful.tools.demo import DAYS, Scene, play

_REDRAW = 4  # times a second
_STOP_WITHIN = 15.0


class CannotStart(ArmfulError):
    """The demo's service did not start: see its messages above"""


@click.command()
@url_option
@key_option
@click.option("--serve", is_flag=True, help="Start a service for the demo, and delete its data at the end.")
@click.option(
    "--seconds",
    type=FiniteRange(min=0, min_open=True),
    default=120,
    show_default=True,
    help=f"Duration of the demo, in which {DAYS} days pass.",
)
@click.option(
    "--rate",
    type=FiniteRange(min=0, min_open=True),
    default=150,
    show_default=True,
    help="Maximum mean number of visitors per second.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help="Seed of the success rates and of the visitors.",
)
@click.option("--force", is_flag=True, help="Continue if the service has other variants.")
@click.pass_obj
def demo(
    settings: Settings,
    url: str,
    key: str | None,
    serve: bool,
    seconds: float,
    rate: float,
    seed: int,
    force: bool,
) -> None:
    """Fill an empty service with sample variants and simulated visitors, and watch it learn.

    The demo has three campaigns and two experiments. The service does not know the success rates of their variants. More
    visitors come by day than by night. Each sees what armful selects, and succeeds or not. Press Ctrl-C to stop; the data
    remain.
    """
    scene = Scene(seed)
    console = Console(markup=False, emoji=False)
    with ExitStack() as stack:
        if serve:
            url, key = stack.enter_context(_serving())
        key = key or _key(settings)
        where = f"{url}/dashboard" + (f" (API key {key})" if serve else "")
        with suppress(KeyboardInterrupt):
            _perform(console, scene, url, key, where, seconds, rate, force)
        share = (
            ""
            if scene.gain_share is None
            else f", {percent(scene.gain_share, 0)} of what the best would have gained"
        )
        click.echo(
            f"{scene.visits:,} visitors; {percent(scene.gain, sign=True)} over choosing at random{share}."
        )
        click.echo(f"Look around: {where}")
        if serve:
            click.echo("Press Ctrl-C to stop the service and delete its data.")
            with suppress(KeyboardInterrupt):
                while True:
                    signal.pause()


def _key(settings: Settings) -> str:
    try:
        return known_key(settings)
    except click.UsageError as error:
        raise click.UsageError(f"{error.message} Or start a service for the demo with --serve.") from error


def _perform(
    console: Console, scene: Scene, url: str, key: str, where: str, seconds: float, rate: float, force: bool
) -> None:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"), console=console
    )
    task = bar.add_task("", total=DAYS)

    def picture() -> Group:
        days = (scene.now - scene.begins).total_seconds() / 86_400
        bar.update(task, completed=days, description=f"{scene.now:%A, %d %B, %H:00}")
        return Group(_campaigns(scene), _experiments(scene), bar)

    live = Live(get_renderable=picture, console=console, refresh_per_second=_REDRAW)

    def begin() -> None:
        console.print(f"Visitors are arriving. Watch them: {where}", highlight=False, soft_wrap=True)
        live.start()

    try:
        asyncio.run(play(scene, url=url, key=key, seconds=seconds, rate=rate, force=force, ready=begin))
    finally:
        if live.is_started:
            live.stop()
            if not console.is_terminal:  # where rich leaves out the last line's end
                console.print()


def _campaigns(scene: Scene) -> Table:
    table = Table("campaign", "visitors", "rate", "gain", "to the best", "which is", box=box.SIMPLE)
    for column in table.columns[1:5]:
        column.justify = "right"
    for stage in scene.stages.values():
        table.add_row(
            stage.campaign.name,
            f"{stage.visits:,}",
            percent(stage.successes / stage.visits) if stage.visits else "-",
            percent(stage.gain, sign=True),
            percent(stage.best_share, 0),
            stage.truth.best,
        )
    return table


def _experiments(scene: Scene) -> Table:
    table = Table("experiment", "participants", "rate", box=box.SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in scene.experiments.values():
        rate = percent(one.successes / one.participants) if one.participants else "-"
        table.add_row(one.trial.name, f"{one.participants:,}", rate)
    return table


@contextmanager
def _serving() -> Iterator[tuple[str, str]]:
    """Run `armful serve` on a free port and in a temporary folder. Yields its address and key."""
    before = signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that the folder is deleted then too
    with TemporaryDirectory(prefix="armful-demo-") as folder:
        key = f"armful_{secrets.token_urlsafe(16)}"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("ARMFUL_") or name == "ARMFUL_POSTGRES_BIN"
        }
        ours = {"ARMFUL_DATA_DIR": str(Path(folder) / "data"), "ARMFUL_API_KEY": key}
        process = subprocess.Popen(  # noqa: S603
            [*_leashed(), sys.executable, "-m", "armful", "serve", "--port", "0"],
            env={"ARMFUL_LOG_LEVEL": "warning", **inherited, **ours},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches this process only, which stops the service at the end
        )
        try:
            yield _address(process), key
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_WITHIN)
            process.kill()
            process.wait()
            signal.signal(signal.SIGTERM, before)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r" +URL +(\S+)", line):
            return found[1]
    raise CannotStart


def _leashed() -> list[str]:
    """Return the start of a command line that ends the program when this process ends."""
    leash = {
        "parent": os.getpid(),
        "signal": int(signal.SIGTERM),
        "uid": os.geteuid(),
        "gid": os.getegid(),
        "namespace": False,
    }
    return [sys.executable, "-I", "-S", str(_launch.__file__), json.dumps(leash)]

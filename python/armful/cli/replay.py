"""`armful replay`."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from click.core import ParameterSource
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from armful.cli._format import percent
from armful.cli._learning import learning_of, learning_options
from armful.cli._service import key_option, known_key, url_option
from armful.cli._types import OutputFile
from armful.tools.replay import (
    HeadlineTest,
    ReplayFigures,
    Report,
    read_tests,
    replay_in_process,
)
from armful.tools.replay import replay as run_replay
from armful.tools.simulate import World

_WIDTH = 120  # characters of a table that goes to a file


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@url_option
@key_option
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    help="Maximum rounds per test. Default: as many as the test had impressions.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="Number of tests that run at the same time.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of the clicks and of the selections.",
)
@click.option(
    "--in-process",
    is_flag=True,
    help="Replay without a service, with the same core. The following options need it.",
)
@click.option(
    "--runs", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Number of runs per test."
)
@click.option(
    "--shrunken",
    is_flag=True,
    help="Readers click with rates shrunk to the mean of their test. Plain rates differ more than the true ones.",
)
@learning_options
@click.option(
    "--json",
    "out",
    type=OutputFile(),
    help="File for the report.",
)
@click.pass_context
def replay(
    context: click.Context,
    /,
    file: Path,
    url: str,
    key: str | None,
    rounds: int | None,
    concurrency: int,
    seed: int,
    out: Path | None,
    in_process: bool,
    **further: Any,
) -> None:
    """Replay the headline tests of FILE against a running service, and report the clicks gained.

    FILE is CSV with the columns `test_id`, `variant_id`, `headline`, `impressions` and `clicks`. Each headline becomes a
    variant. In each round, armful selects one headline of a test. The replay reports an impression, and with the real click
    rate of the headline as probability, a click.

    At the end, the service's counters must equal the updates that it acknowledged; the exit status is 1 if they do not. The
    variants remain in the service, with the dimension `replay`.

    With --in-process, no service is needed. Each test is replayed --runs times. Clicks are late if there is a --delay, and
    the policy learns as --sharpness, --priors, --known-horizon, --late and --half-life say.
    """
    tests = read_tests(file)
    if in_process:
        _replay_in_process(tests, rounds, seed, out, further)
        return
    for name in further:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --in-process.")
    report = _run(tests, url, key or known_key(context.obj), rounds, concurrency, seed)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    _print(_table([(test.test_id, test.figures) for test in report.tests], report.total))
    click.echo(
        f"{report.total.rounds} rounds in {report.seconds:.1f} s, {report.rounds_per_second:.0f} a second; "
        f"seed {report.seed}, replay {report.run}"
    )
    counters = report.counters
    if not counters.equal:
        click.echo("The service's counters differ from the updates it acknowledged:", err=True)
        for one in counters.mismatches:
            click.echo(
                f"  {one.variant_id}: acknowledged {one.acknowledged}, counted {one.counted}", err=True
            )
        sys.exit(1)
    click.echo(
        f"The service's counters equal the updates it acknowledged: {counters.impressions} impressions and "
        f"{counters.successes} successes of {counters.variants} variants"
    )


def _replay_in_process(
    tests: list[HeadlineTest], rounds: int | None, seed: int, out: Path | None, options: dict[str, Any]
) -> None:
    learning = learning_of(options)
    if learning.priors == "features":
        raise click.UsageError("Headlines have no features: use --priors learnt.")
    world = World(delay=options["delay"], window=options["window"])
    with _progress(tests, rounds) as advance:
        report = replay_in_process(
            tests,
            learning=learning,
            world=world,
            rounds=rounds,
            runs=options["runs"],
            shrunken=options["shrunken"],
            seed=seed,
            progress=advance,
        )
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    _print(_table([(test.test_id, test.figures) for test in report.tests], report.total, drawn=False))
    click.echo(f"{report.runs} runs of {report.total.rounds:,} rounds; seed {report.seed}")


def _run(
    tests: list[HeadlineTest], url: str, key: str, rounds: int | None, concurrency: int, seed: int
) -> Report:
    with _progress(tests, rounds) as advance:
        return asyncio.run(
            run_replay(
                tests,
                url=url,
                key=key,
                rounds=rounds,
                concurrency=concurrency,
                seed=seed,
                progress=advance,
            )
        )


@contextmanager
def _progress(tests: list[HeadlineTest], rounds: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar, and give the function that advances it by a number of rounds."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Replaying"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} rounds"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(
            "", total=sum(min(test.impressions, rounds or test.impressions) for test in tests)
        )
        yield lambda count: bar.advance(task, count)


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else _WIDTH, markup=False, emoji=False).print(table)


def _table(tests: list[tuple[str, ReplayFigures]], total: ReplayFigures, *, drawn: bool = True) -> Table:
    names = ["rounds", "uniform", "armful", "(drawn)", "best", "gain", "of possible"]
    if not drawn:
        names.remove("(drawn)")
    table = Table("test", *names, box=box.SIMPLE, title="Clicks", pad_edge=False)
    # On a narrow terminal, names are cut rather than figures.
    table.columns[0].overflow = "ellipsis"
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for test_id, figures in tests:
        table.add_row(test_id, *_cells(figures, drawn))
    table.add_section()
    table.add_row(f"all {len(tests)}", *_cells(total, drawn))
    return table


def _cells(figures: ReplayFigures, drawn: bool) -> list[str]:
    return [
        f"{figures.rounds:,}",
        f"{figures.uniform_clicks:,.1f}",
        f"{figures.expected_clicks:,.1f}",
        *([f"{figures.clicks:,}"] if drawn else []),
        f"{figures.best_clicks:,.1f}",
        f"{figures.gain:+z,.1f}",
        "-" if figures.gain_share is None else percent(figures.gain_share),
    ]

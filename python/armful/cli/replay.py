"""`armful replay`."""

import asyncio
import sys
from pathlib import Path

import msgspec
import rich_click as click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from armful.cli._format import percent
from armful.cli._service import key_option, known_key, url_option
from armful.cli._types import OutputFile
from armful.settings import Settings
from armful.tools.replay import HeadlineTest, ReplayFigures, Report, read_tests
from armful.tools.replay import replay as run_replay

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
    "--json",
    "out",
    type=OutputFile(),
    help="File for the report.",
)
@click.pass_obj
def replay(
    settings: Settings,
    file: Path,
    url: str,
    key: str | None,
    rounds: int | None,
    concurrency: int,
    seed: int,
    out: Path | None,
) -> None:
    """Replay the headline tests of FILE against a running service, and report the clicks gained.

    FILE is CSV with the columns `test_id`, `variant_id`, `headline`, `impressions` and `clicks`. Each headline becomes a
    variant. In each round, armful selects one headline of a test. The replay reports an impression, and with the real click
    rate of the headline as probability, a click.

    At the end, the service's counters must equal the updates that it acknowledged; the exit status is 1 if they do not. The
    variants remain in the service, with the dimension `replay`.
    """
    tests = read_tests(file)
    report = _run(tests, url, key or known_key(settings), rounds, concurrency, seed)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    Console(width=None if sys.stdout.isatty() else _WIDTH, markup=False, emoji=False).print(_table(report))
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


def _run(
    tests: list[HeadlineTest], url: str, key: str, rounds: int | None, concurrency: int, seed: int
) -> Report:
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
        return asyncio.run(
            run_replay(
                tests,
                url=url,
                key=key,
                rounds=rounds,
                concurrency=concurrency,
                seed=seed,
                progress=lambda count: bar.advance(task, count),
            )
        )


def _table(report: Report) -> Table:
    names = ("rounds", "uniform", "armful", "(drawn)", "best", "gain", "of possible")
    table = Table("test", *names, box=box.SIMPLE, title="Clicks", pad_edge=False)
    # On a narrow terminal, names are cut rather than figures.
    table.columns[0].overflow = "ellipsis"
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for test in report.tests:
        table.add_row(test.test_id, *_cells(test.figures))
    table.add_section()
    table.add_row(f"all {len(report.tests)}", *_cells(report.total))
    return table


def _cells(figures: ReplayFigures) -> list[str]:
    return [
        f"{figures.rounds:,}",
        f"{figures.uniform_clicks:,.1f}",
        f"{figures.expected_clicks:,.1f}",
        f"{figures.clicks:,}",
        f"{figures.best_clicks:,.1f}",
        f"{figures.gain:+z,.1f}",
        "-" if figures.gain_share is None else percent(figures.gain_share),
    ]

"""`armful watch`."""

import time
from contextlib import suppress

import rich_click as click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from armful.cli._format import percent
from armful.cli._service import key_option, known_key, url_option
from armful.cli._types import FiniteRange, visible
from armful.client import ApiError, Client, ClientError
from armful.settings import Settings
from armful.tools.watch import MOST_ROWS, Seen, look

_FRAME = 14  # lines of a screen that are not variants
_BAR = 8  # characters of a full bar


@click.command()
@url_option
@key_option
@click.option("--once", is_flag=True, help="Print the present state once.")
@click.option(
    "--every",
    type=FiniteRange(min=0.2),
    default=2,
    show_default=True,
    help="Refresh interval in seconds.",
)
@click.option(
    "--dimension",
    "dimensions",
    multiple=True,
    metavar="NAME=VALUE",
    help="Show only variants with this dimension. Can be repeated.",
)
@click.option("--pool", help="Show only the variants of this pool; an empty name for those without a pool.")
@click.option(
    "--top",
    type=click.IntRange(1, MOST_ROWS),
    help="Number of variants to show. Default: as many as fit on the screen.",
)
@click.pass_obj
def watch(
    settings: Settings,
    url: str,
    key: str | None,
    once: bool,
    every: float,
    dimensions: tuple[str, ...],
    pool: str | None,
    top: int | None,
) -> None:
    """Show the variants by their chance to be best, and the running experiments. Press Ctrl-C to stop.

    If the service stops responding, the last state stays on the screen, with a line that says so.
    """
    wanted = dict(_pair(text) for text in dimensions)
    console = Console(markup=False, emoji=False)  # ids are texts
    with Client(url, key or known_key(settings), retries=0) as client:
        try:
            seen = look(client, wanted, pool, top or MOST_ROWS, None)
        except ClientError as error:
            raise click.ClickException(f"The service at {url} failed: {error}") from error
        if once:
            console.print(_picture(seen, top or MOST_ROWS, None))
            return
        with (
            suppress(KeyboardInterrupt),
            Live(console=console, screen=console.is_terminal, auto_refresh=False) as live,
        ):
            away: str | None = None
            while True:
                rows = top or max(3, console.height - _FRAME - len(seen.experiments))
                live.update(_picture(seen, rows, away), refresh=True)
                time.sleep(every)
                try:
                    seen, away = look(client, wanted, pool, rows, seen), None
                except ClientError as error:
                    if isinstance(error, ApiError) and error.status < 500 and error.status != 429:
                        raise click.ClickException(str(error)) from error
                    away = away or f"No response since {time.strftime('%H:%M:%S')}: {error}"


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise click.BadParameter(f"'{text}' is not NAME=VALUE", param_hint="--dimension")
    return name, value


def _picture(seen: Seen, most: int, away: str | None) -> Group:
    if away is not None:
        head = Text(away, style="bold red")
    elif seen.selections_per_second is None:
        head = Text(
            f"{seen.selections:,.0f} selections and {seen.updates:,.0f} updates since the service started"
        )
    else:
        head = Text(
            f"{seen.selections_per_second:,.1f} selections/s   {seen.updates_per_second:,.1f} updates/s"
        )
    parts: list[RenderableType] = [head, _variants(seen, most)]
    if seen.experiments:
        parts.append(_experiments(seen))
    return Group(*parts)


def _variants(seen: Seen, most: int) -> Table:
    table = Table(
        "variant", "best?", "", "rate", "95 % interval", "shown", "selected", box=box.SIMPLE, pad_edge=False
    )
    for column in (1, 3, 4, 5, 6):
        table.columns[column].justify = "right"
        table.columns[column].no_wrap = True
    table.columns[2].min_width = _BAR
    table.columns[0].overflow = "ellipsis"
    table.columns[0].no_wrap = True
    for row in seen.rows[:most]:
        performance, standing = row.variant.performance, row.standing
        share = standing.recent_share
        table.add_row(
            visible(row.variant.variant_id),
            _chance(standing.chance_to_be_best),
            Text("━" * round(_BAR * standing.chance_to_be_best), style="green"),
            percent(performance.success_rate, 2),
            f"{100 * standing.lower_bound:.2f} to {percent(standing.upper_bound, 2)}",
            f"{performance.impressions:,}",
            "-" if share is None else percent(share),
        )
    if seen.total > min(most, len(seen.rows)):
        table.caption = f"{min(most, len(seen.rows)):,} of {seen.total:,} variants"
    return table


def _chance(part: float) -> str:
    """Format a probability. It is never rounded to 0 or 1."""
    if part < 0.0005:
        return f"<{percent(0.001)}"
    return f">{percent(0.999)}" if part > 0.9995 else percent(part)


def _experiments(seen: Seen) -> Table:
    table = Table(
        "experiment",
        "participants",
        "sample ratio",
        "p, always valid",
        "significant",
        "next",
        box=box.SIMPLE,
        pad_edge=False,
    )
    table.columns[1].justify = table.columns[3].justify = "right"
    for experiment, results in seen.experiments:
        significance = results.statistical_significance
        ratio = results.sample_ratio
        p = significance.always_valid_adjusted_p_value
        table.add_row(
            visible(experiment.experiment_name),
            f"{results.results_summary.total_participants:,}",
            Text(f"ALARM p = {ratio.p_value:.2g}", style="bold red") if ratio.alarm else "as planned",
            "-" if p is None else f"{p:.3g}",
            f"yes: {visible(significance.leading_variant_id or '')}" if significance.is_significant else "no",
            results.recommendations.recommendation_type,
        )
    return table

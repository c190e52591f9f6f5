"""`armful simulate`."""

import math
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import rich_click as click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from armful.cli._format import percent
from armful.cli._learning import learning_of, learning_options
from armful.cli._types import FiniteRange, OutputFile
from armful.tools.simulate import POLICIES, Contest, Policy, World, compare, draw, draw_arms


class _Numbers(click.ParamType[list[float]]):
    """Numbers separated by commas."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return [float(part) for part in value.split(",")]
        except ValueError:
            self.fail(f"'{value}' is not a list of numbers separated by commas", param, ctx)


class _Policies(click.ParamType[list[Policy]]):
    """Names of policies separated by commas."""

    name = "policies"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        names = dict.fromkeys(POLICIES if value == "all" else value.split(","))
        for name in names:
            if name not in POLICIES:
                self.fail(f"'{name}' is not a policy: use some of {', '.join(POLICIES)}", param, ctx)
        return list(names)


@click.command()
@click.option("--rates", type=_Numbers(), help="Success rates of the arms, such as 0.03,0.05,0.08.")
@click.option(
    "--arms", type=click.IntRange(1, 1_000_000), help="Number of arms, with rates drawn from --prior."
)
@click.option(
    "--prior",
    type=_Numbers(),
    default="2,30",
    show_default=True,
    help="Parameters of the Beta distribution of the rates.",
)
@click.option(
    "--policies",
    type=_Policies(),
    default="thompson,thompson_exploration,epsilon_greedy,ucb1,random",
    show_default=True,
    help=f"Policies to compare: all, or some of {', '.join(POLICIES)}.",
)
@click.option(
    "--horizon",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="Number of steps per run.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=2),
    default=200,
    show_default=True,
    help="Number of independent runs per policy.",
)
@click.option(
    "--epsilon", type=FiniteRange(0, 1), default=0.1, show_default=True, help="ε of epsilon_greedy."
)
@click.option(
    "--min-impressions",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Of thompson_exploration.",
)
@click.option(
    "--exploration-ratio",
    type=FiniteRange(0, 1),
    default=0.3,
    show_default=True,
    help="Of thompson_exploration.",
)
@learning_options
@click.option("--arriving", is_flag=True, help="Arms arrive one after the other, instead of at the start.")
@click.option(
    "--dimensions",
    type=click.IntRange(0, 16),
    default=0,
    show_default=True,
    help="Number of dimensions of drawn arms. They are the features of --priors features.",
)
@click.option(
    "--explained",
    type=FiniteRange(0, 1),
    default=0.7,
    show_default=True,
    help="Fraction of the variance of drawn rates that the dimensions explain.",
)
@click.option(
    "--drift",
    type=FiniteRange(0, 10),
    default=0.0,
    show_default=True,
    help="Standard deviation of each step of the random walk of every arm's log-odds.",
)
@click.option(
    "--noise",
    type=FiniteRange(0, 1e8),
    default=0.0,
    show_default=True,
    help="Standard deviation of rewards that are numbers. --rates are then their means. 0: successes.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**64 - 1),
    default=1,
    show_default=True,
    help="Seed of all random numbers.",
)
@click.option(
    "--plot", type=OutputFile(), help="File for a plot of the regret: .png or .svg (needs armful[plot])."
)
@click.option("--json", "out", type=OutputFile(), help="File for all figures, as JSON.")
def simulate(
    rates: list[float] | None,
    arms: int | None,
    prior: list[float],
    policies: list[Policy],
    horizon: int,
    runs: int,
    epsilon: float,
    min_impressions: int,
    exploration_ratio: float,
    seed: int,
    plot: Path | None,
    out: Path | None,
    **further: Any,
) -> None:
    """Compare policies on arms with known success rates, and print the regret of each.

    Give --rates, or --arms to draw the rates at random. Regret is the expected number of successes that a policy loses
    compared with always choosing the best arm. Its standard error is computed over runs. No service is needed.

    The policy thompson_learning uses the options from --sharpness to --half-life. The options from --delay to --noise change
    the world that all policies meet.
    """
    if (rates is None) == (arms is None):
        raise click.UsageError("Give either --rates or --arms.")
    features: list[list[float]] | None = None
    dimensions, explained = further.pop("dimensions"), further.pop("explained")
    if rates is None:
        rates, features = _drawn(cast("int", arms), prior, dimensions, explained, seed)
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise click.BadParameter("must end in .png or .svg", param_hint="--plot")
    options: dict[str, Any] = {
        "epsilon": epsilon,
        "min_impressions": min_impressions,
        "exploration_ratio": exploration_ratio,
    }
    learning = learning_of(further)
    if learning.priors == "features" and features is None:
        raise click.UsageError("--priors features needs --arms and --dimensions.")
    options |= {"learning": learning, "world": World(features=features, **further)}
    contest = _compare(rates, policies, horizon=horizon, runs=runs, seed=seed, **options)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(contest), indent=2) + b"\n")
    if plot is not None:
        draw(contest, plot)
    Console().print(_table(contest))
    click.echo(
        f"Rates {', '.join(f'{rate:.4g}' for rate in sorted(contest.rates, reverse=True)[:10])}"
        f"{', …' if len(contest.rates) > 10 else ''}; {runs:,} runs of {horizon:,} steps, seed {seed}"
    )
    if contest.lai_robbins:
        click.echo(
            f"In the long run no policy's regret grows slower than {contest.lai_robbins:.4g} ln t (Lai & Robbins)"
        )


def _drawn(
    arms: int, prior: list[float], dimensions: int, explained: float, seed: int
) -> tuple[list[float], list[list[float]] | None]:
    if len(prior) != 2 or not all(0 < parameter < np.inf for parameter in prior):
        raise click.BadParameter("must be two numbers above 0, as 2,30", param_hint="--prior")
    return draw_arms(arms, prior, dimensions=dimensions, explained=explained, seed=seed)


def _compare(rates: list[float], policies: list[Policy], **options: Any) -> Contest:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=len(policies))

        def progress(policy: Policy, share: float) -> None:
            bar.update(task, description=policy, completed=policies.index(policy) + share)

        return compare(rates, policies, progress=progress, **options)


def _table(contest: Contest) -> Table:
    table = Table("policy", "regret", "± s.e.", "chose the best", "successes", box=box.SIMPLE, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in contest.outcomes:
        table.add_row(
            one.policy,
            f"{one.regret:,.1f}",
            f"{one.standard_error:,.1f}",
            "-" if math.isnan(one.best_share) else percent(one.best_share),
            "-" if math.isnan(one.reward) else f"{one.reward:,.1f}",
        )
    return table

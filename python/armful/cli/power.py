"""`armful power`."""

from collections.abc import Sequence
from typing import Literal

import rich_click as click

from armful.features.experiments.power import plan


@click.command()
@click.option("--baseline", type=float, required=True, help="Success rate of control, such as 0.08.")
@click.option("--mde", type=float, required=True, help="Minimum detectable effect, such as 0.04.")
@click.option("--relative", is_flag=True, help="The effect is a lift: 0.5 means 50 % better.")
@click.option(
    "--power", "chance", type=float, default=0.8, show_default=True, help="Probability to detect the effect."
)
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Significance level.")
@click.option(
    "--variants",
    type=click.IntRange(min=2),
    default=2,
    show_default=True,
    help="Number of variants, including control.",
)
@click.option(
    "--share", "shares", type=float, multiple=True, help="Each variant's share, control first, repeated."
)
@click.option(
    "--type",
    "type_",
    type=click.Choice(["binary", "number"]),
    default="binary",
    show_default=True,
    help="Type of metric.",
)
@click.option("--standard-deviation", type=float, help="Of a number over participants.")
@click.option(
    "--impressions-per-participant", type=float, default=1.0, show_default=True, help="Their mean number."
)
@click.option(
    "--icc", type=float, default=0.0, show_default=True, help="Correlation of one participant's outcomes."
)
@click.option("--always-valid", is_flag=True, help="Also simulate the sample size of the sequential test.")
@click.option("--daily-participants", type=float, help="Participants per day, over all variants.")
def power(
    baseline: float,
    mde: float,
    relative: bool,
    chance: float,
    alpha: float,
    variants: int,
    shares: tuple[float, ...],
    type_: Literal["binary", "number"],
    standard_deviation: float | None,
    impressions_per_participant: float,
    icc: float,
    always_valid: bool,
    daily_participants: float | None,
) -> None:
    """Calculate the sample size and the duration of an experiment."""
    needed = plan(
        baseline,
        mde,
        relative=relative,
        power=chance,
        alpha=alpha,
        variants=variants,
        shares=list(shares) or None,
        type=type_,
        standard_deviation=standard_deviation,
        impressions_per_participant=impressions_per_participant,
        icc=icc,
        always_valid=always_valid,
        daily_participants=daily_participants,
    )
    click.echo(f"{_sizes(needed.sample_sizes)} participants a variant, {needed.total_sample_size:,} in all")
    if needed.always_valid_sample_sizes is not None:
        click.echo(f"{_sizes(needed.always_valid_sample_sizes)} a variant for the sequential test")
    if needed.days is not None:
        click.echo(f"{needed.days:,} days")


def _sizes(sizes: Sequence[int]) -> str:
    return f"{sizes[0]:,}" if len(set(sizes)) == 1 else " / ".join(f"{size:,}" for size in sizes)

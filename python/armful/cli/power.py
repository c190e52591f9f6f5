"""`armful power`."""

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
@click.option("--daily-participants", type=float, help="Participants per day, over all variants.")
def power(
    baseline: float,
    mde: float,
    relative: bool,
    chance: float,
    alpha: float,
    variants: int,
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
        daily_participants=daily_participants,
    )
    click.echo(
        f"{needed.sample_size_per_variant:,} participants a variant, {needed.total_sample_size:,} in all"
    )
    if needed.days is not None:
        click.echo(f"{needed.days:,} days")

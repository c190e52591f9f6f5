"""`armful power`."""

import rich_click as click

from armful.features.experiments.power import plan


@click.command()
@click.option("--baseline", type=float, required=True, help="Control's rate, as 0.08.")
@click.option("--mde", type=float, required=True, help="The least effect worth finding, as 0.04.")
@click.option("--relative", is_flag=True, help="The effect is a lift: 0.5 for 50 % better.")
@click.option("--power", "chance", type=float, default=0.8, show_default=True, help="The chance to find it.")
@click.option(
    "--alpha", type=float, default=0.05, show_default=True, help="The chance to find one that is not there."
)
@click.option(
    "--variants", type=click.IntRange(min=2), default=2, show_default=True, help="Arms, control among them."
)
@click.option("--daily-participants", type=float, help="How many come a day, all arms together.")
def power(
    baseline: float,
    mde: float,
    relative: bool,
    chance: float,
    alpha: float,
    variants: int,
    daily_participants: float | None,
) -> None:
    """Say how large an experiment must be, and how long it will take."""
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

"""The options of `armful simulate` and `armful replay` for how a policy learns."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import rich_click as click

from armful.cli._types import FiniteRange
from armful.tools.simulate import Late, Learning, Priors

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--sharpness",
        type=FiniteRange(0, 100, min_open=True),
        default=1.0,
        show_default=True,
        help="g of draws from Beta(gα, gβ). Above 1, it explores less.",
    ),
    click.option(
        "--priors",
        type=click.Choice(get_args(Priors)),
        default="given",
        show_default=True,
        help="Beta(1, 1), learnt from all arms, or learnt from arms with similar features.",
    ),
    click.option("--known-horizon", is_flag=True, help="Explore less as the end of the run comes nearer."),
    click.option(
        "--late",
        type=click.Choice(get_args(Late)),
        default="failure",
        show_default=True,
        help="What an impression counts before its success comes: a failure, nothing until the window ends, "
        "or a share by a learnt delay curve.",
    ),
    click.option(
        "--half-life",
        type=FiniteRange(min=1),
        help="Steps after which evidence counts half. Default: it always counts fully.",
    ),
    click.option(
        "--delay",
        type=FiniteRange(min=0, max=100_000),
        default=0.0,
        show_default=True,
        help="Mean delay of successes, in steps.",
    ),
    click.option(
        "--window",
        type=click.IntRange(1, 1_000_000),
        help="Attribution window, in steps: later successes are lost. Default: ten mean delays.",
    ),
)


def learning_options(command: _Command) -> _Command:
    """Add the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def learning_of(options: dict[str, Any]) -> Learning:
    """Return what the options say, and remove it from them."""
    return Learning(**{name: options.pop(name) for name in Learning.__struct_fields__})

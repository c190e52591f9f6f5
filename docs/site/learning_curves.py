"""Draws the pictures of docs/learning.md with the simulator."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from armful.tools.simulate import Learning, World, compare, draw_arms

COLOURS = ("#7c8798", "#3b82f6", "#f59e0b", "#10b981")
_INK = "#7c8798"
_STEPS, _RUNS = 20_000, 100


def draw_learning(folder: Path, ten_arms: list[float]) -> None:
    """Draw every picture of the page into `folder`."""
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _regret(
        left,
        "Ten variants",
        ten_arms,
        World(),
        {
            "Beta(1, 1)": Learning(),
            "sharpness 2": Learning(sharpness=2.0),
            "known horizon": Learning(known_horizon=True),
            "learnt prior": Learning(priors="learnt"),
        },
    )
    _regret(
        right,
        "Outcomes 1,000 steps late",
        ten_arms,
        World(delay=1000.0, window=5000),
        {
            "a failure at once": Learning(),
            "pending": Learning(late="pending"),
            "a learnt curve": Learning(late="curve"),
        },
    )
    figure.savefig(folder / "learning.svg", metadata={"Date": None})

    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    rates, features = draw_arms(120, (2, 30), dimensions=3, seed=1)
    _regret(
        left,
        "120 variants arriving",
        rates,
        World(arriving=True, features=features),
        {
            "Beta(1, 1)": Learning(),
            "learnt prior": Learning(priors="learnt"),
            "by dimensions": Learning(priors="features"),
        },
    )
    _regret(
        right,
        "Rates that move",
        ten_arms,
        World(drift=0.01),
        {
            "no discounting": Learning(sharpness=2.0, priors="learnt"),
            "half-life 2,000": Learning(sharpness=2.0, priors="learnt", half_life=2000.0),
        },
    )
    figure.savefig(folder / "learning-change.svg", metadata={"Date": None})


def _regret(axes: Any, title: str, rates: list[float], world: World, options: Mapping[str, Learning]) -> None:
    for (name, learning), colour in zip(options.items(), COLOURS, strict=False):
        contest = compare(
            rates,
            ["thompson_learning"],
            horizon=_STEPS,
            runs=_RUNS,
            seed=30,
            points=80,
            learning=learning,
            world=world,
        )
        outcome = contest.outcomes[0]
        label = f"{name}: {outcome.regret:,.0f}"
        axes.plot(np.array(contest.steps), outcome.curve, color=colour, linewidth=1.8, label=label)
    axes.set_title(title, fontsize=10, color=_INK)
    axes.set_xlabel("steps")
    axes.set_ylabel("regret")
    axes.set_xlim(0, _STEPS)
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
    axes.spines[["right", "top"]].set_visible(False)
    axes.legend(frameon=False, labelcolor=_INK, fontsize=8, loc="upper left")

"""Draws the pictures of docs/concepts.md with armful's core."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import beta as beta_distribution

from armful import core
from armful.tools.simulate import compare, draw

TEN_ARMS = [0.1] + [0.05] * 3 + [0.02] * 3 + [0.01] * 3
# Readable on light and on dark pages. The background is transparent.
_COLOURS = ("#3b82f6", "#f59e0b", "#10b981")
_INK = "#7c8798"
_STYLE = {
    "svg.hashsalt": "armful",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "savefig.transparent": True,
}


def draw_all(folder: Path) -> None:
    """Draw every picture into `folder`. The files are the same each time."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        _posteriors(folder / "posteriors.svg")
        _three_variants(folder / "three-variants.svg")
        contest = compare(
            TEN_ARMS,
            ["thompson", "epsilon_greedy", "ucb1", "random"],
            horizon=20_000,
            runs=200,
            seed=30,
            points=80,
        )
        draw(contest, folder / "regret.svg")


def _posteriors(file: Path) -> None:
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    axes = figure.subplots()
    for (alpha, beta), words, colour in zip(
        ((1, 1), (5, 1), (1, 5)), ("no impressions", "4 of 4", "0 of 4"), _COLOURS, strict=True
    ):
        _curve(axes, alpha, beta, f"Beta({alpha}, {beta}): {words}", colour)
    axes.legend(frameon=False, labelcolor=_INK, loc="upper center")
    _finish(axes)
    _save(figure, file)


def _three_variants(file: Path) -> None:
    moments = (
        ("9 impressions", ((4, 1), (5, 1), (3, 1))),
        ("117 impressions", ((25, 11), (45, 6), (15, 21))),
        ("1,294 impressions", ((250, 150), (400, 100), (180, 220))),
    )
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    for axes, (title, arms) in zip(figure.subplots(1, 3), moments, strict=True):
        chances = core.probability_best([float(a) for a, _ in arms], [float(b) for _, b in arms])
        for name, (alpha, beta), chance, colour in zip("ABC", arms, chances, _COLOURS, strict=True):
            _curve(axes, alpha, beta, f"{name}: {_percent(chance)}", colour)
        axes.set_title(title, fontsize=10, color=_INK)
        axes.legend(frameon=False, labelcolor=_INK, fontsize=9, loc="upper left")
        _finish(axes)
    _save(figure, file)


def _percent(chance: float) -> str:
    if chance < 0.0005:
        return "almost 0 %"
    return "almost 100 %" if chance > 0.9995 else f"{100 * chance:.1f} %"


def _curve(axes: Any, alpha: float, beta: float, label: str, colour: str) -> None:
    rates: Sequence[float] = np.linspace(0, 1, 151)  # type: ignore[assignment]
    density = beta_distribution(alpha, beta).pdf(rates)
    axes.plot(rates, density, color=colour, linewidth=1.8, label=label)
    axes.fill_between(rates, density, color=colour, alpha=0.12, linewidth=0)


def _finish(axes: Any) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.set_yticks([])
    axes.set_xlabel("success rate")
    axes.spines[["left", "right", "top"]].set_visible(False)


def _save(figure: Figure, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})

"""Draws the pictures of docs/concepts.md, docs/statistics.md and docs/learning.md with armful's core and statistics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from docs.site.learning_curves import draw_learning
from matplotlib.figure import Figure
from scipy.stats import beta as beta_distribution

from armful import core
from armful.stats.means.confidence_sequence import compare_means_always_valid
from armful.stats.means.numeric import compare_means
from armful.stats.means.participant_totals import Estimate, ParticipantTotals
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
        _numbers(folder / "numbers.svg")
        contest = compare(
            TEN_ARMS,
            ["thompson", "epsilon_greedy", "ucb1", "random"],
            horizon=20_000,
            runs=200,
            seed=30,
            points=80,
        )
        draw(contest, folder / "regret.svg")
        draw_learning(folder, TEN_ARMS)


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


def _numbers(file: Path) -> None:
    rng = np.random.default_rng(3)
    spend = [np.where(rng.random(4000) < 0.3, rng.lognormal(mean, 0.9, 4000), 0.0) for mean in (3.0, 3.25)]
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    buyers = np.concatenate(spend)
    buyers = buyers[buyers > 0]
    limit = float(np.quantile(buyers, 0.99))
    left.hist(buyers, bins=np.linspace(0, 300, 61), color=_COLOURS[0], alpha=0.5)
    left.axvline(limit, color=_COLOURS[1], linestyle="--", linewidth=1.8, label="99 % quantile: the limit")
    left.set_xlabel("spent by one person (those who bought)")
    sizes = np.linspace(200, 4000, 60).astype(int)
    looks = [[_mean(np.minimum(values[:size], limit)) for values in spend] for size in sizes]
    for name, colour, alpha, intervals in (
        ("valid at any time", _COLOURS[2], 0.18, [_always(*look) for look in looks]),
        ("valid at the end", _COLOURS[2], 0.4, [_once(*look) for look in looks]),
    ):
        lower, upper = zip(*intervals, strict=True)
        right.fill_between(2 * sizes, lower, upper, color=colour, alpha=alpha, linewidth=0, label=name)
    differences = [variant.value - control.value for control, variant in looks]
    right.plot(2 * sizes, differences, color=_COLOURS[2], linewidth=1.8)
    right.axhline(0, color=_INK, linewidth=0.8)
    right.set_xlabel("participants")
    right.set_title("difference of the means", fontsize=10, color=_INK)
    for axes in (left, right):
        axes.legend(
            frameon=False, labelcolor=_INK, fontsize=9, loc="center right" if axes is left else "upper right"
        )
        axes.spines[["right", "top"]].set_visible(False)
    left.set_yticks([])
    left.spines["left"].set_visible(False)
    _save(figure, file)


def _mean(values: Any) -> Estimate:
    return ParticipantTotals(
        len(values), total=float(values.sum()), total_squared=float((values**2).sum())
    ).mean()


def _always(control: Estimate, variant: Estimate) -> tuple[float, float]:
    return compare_means_always_valid(variant, control, 8000).difference_interval


def _once(control: Estimate, variant: Estimate) -> tuple[float, float]:
    return compare_means(variant, control).difference_interval


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

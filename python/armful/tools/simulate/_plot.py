"""Plots the comparison of policies."""

from pathlib import Path

import numpy as np

from armful.domain.errors import ArmfulError
from armful.tools.simulate._compare import Contest

_COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#64748b")
_FORMATS = (".png", ".svg")
_TALLEST = 4.0  # times the best policy's regret; curves above are cut


class NoMatplotlib(ArmfulError):
    """A plot needs matplotlib: install it with `pip install 'armful[plot]'`."""


def draw(contest: Contest, file: str | Path) -> None:
    """Plot regret over steps, with the band that contains 80 % of the runs, and the Lai-Robbins line.

    Steps have a logarithmic scale. On it, the lowest possible growth of regret in the long run is a straight line; the plot
    shows it through the end of the best policy's curve. Curves far above that curve are cut off. The legend gives the final
    regret of every policy.

    Args:
        contest: the comparison, with at least one policy.
        file: the file to write; its name ends in `.png` or `.svg`.

    Raises:
        NoMatplotlib: matplotlib is not installed.
        ValueError: the name has another ending.
        OSError: the file cannot be written.
    """
    path = Path(file)
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"'{path}' ends neither in .png nor in .svg")
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NoMatplotlib from error
    # Names and salt are fixed, so that the same comparison gives the same file.
    with mpl.rc_context({"svg.hashsalt": "armful", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(8, 4.8), layout="constrained")
        axes = figure.subplots()
        best = contest.outcomes[0]
        for outcome, colour in zip(contest.outcomes, _COLOURS, strict=False):
            label = f"{outcome.policy}: {outcome.regret:,.1f}"
            axes.plot(contest.steps, outcome.curve, color=colour, label=label)
            axes.fill_between(contest.steps, outcome.low, outcome.high, color=colour, alpha=0.12, linewidth=0)
        if contest.lai_robbins:
            # The theorem bounds the growth of regret in the long run, not its size. So only the slope of this line has a
            # meaning, and the line is drawn where it can be compared with the best policy's curve.
            slope = contest.lai_robbins * np.log(np.array(contest.steps) / contest.horizon)
            label = f"Lai-Robbins slope: {contest.lai_robbins:.3g} ln t"
            axes.plot(
                contest.steps, slope + best.regret, color="#475569", linestyle="--", linewidth=1, label=label
            )
        shown = [one.regret for one in contest.outcomes if one.regret <= _TALLEST * best.regret]
        if max(shown) > 0:
            axes.set_ylim(0, 1.4 * max(shown))
        if len(contest.steps) > 1:
            axes.set_xscale("log")
            axes.set_xlim(contest.steps[0], contest.steps[-1])
        axes.set_xlabel("steps")
        axes.set_ylabel("regret (expected successes given up)")
        axes.set_title(
            f"{len(contest.rates)} arms, best {max(contest.rates):.3g}; {contest.runs:,} runs", fontsize=11
        )
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=9)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)

"""Plots the cost of a selection against the number of arms, for armful and NumPy."""

from pathlib import Path

from benchmarks.core.report import Call, fastest
from benchmarks.core.selection import by_numpy, service, table_of

from armful.core import select_top_k

SIZES = (30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
COLOURS = {"NumPy": "#8a8f98", "select_top_k": "#2f6fde", "ArmTable.select": "#d1495b"}


def measure(*, quick: bool = False) -> dict[str, list[tuple[int, float]]]:
    """Measure the microseconds of a selection of ten, by way and number of arms."""
    curves: dict[str, list[tuple[int, float]]] = {way: [] for way in COLOURS}
    for n in SIZES[:6] if quick else SIZES:
        alpha, beta, impressions = service(n)
        table = table_of(alpha, beta, impressions)
        calls: dict[str, Call] = {
            "NumPy": by_numpy(alpha, beta, 10),
            "select_top_k": lambda a=alpha, b=beta: select_top_k(a, b, 10),
            "ArmTable.select": lambda t=table: t.select(10),
        }
        for way, taken in fastest(calls, 0.7).items():
            curves[way].append((n, taken))
    return curves


def draw(path: Path, curves: dict[str, list[tuple[int, float]]]) -> None:
    """Write the picture to `path`, in the format of its suffix."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "armful"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for way, points in curves.items():
        sizes, taken = zip(*points, strict=True)
        axes.loglog(sizes, taken, "o-", color=COLOURS[way], markersize=4, linewidth=1.8)
        axes.annotate(
            way, (sizes[-1], taken[-1]), (6, 0), textcoords="offset points", va="center", color=COLOURS[way]
        )
    axes.set(xlabel="arms", ylabel="microseconds for the 10 largest draws", xlim=(20, 9e6))
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=150)
    plt.close(figure)

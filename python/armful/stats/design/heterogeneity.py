"""Whether an effect differs between groups."""

import math
from collections.abc import Sequence

from scipy.special import chdtrc


def cochran_q(effects: Sequence[float], variances: Sequence[float]) -> float:
    """Compute the p-value of Cochran's Q test: whether effects differ by more than chance explains.

    Args:
        effects: The estimated effect in each group.
        variances: The variance of each estimate, above 0.

    Returns:
        The p-value; 1 with fewer than two groups.

    Raises:
        ValueError: An argument is out of range, or the two differ in length.

    Source:
        Cochran (1954), *The combination of estimates from different experiments*.
    """
    for name, values in (("effects", effects), ("variances", variances)):
        for value in values:
            if not math.isfinite(value) or (name == "variances" and value <= 0):
                raise ValueError(
                    f"{name} must be finite{' and above 0' if name == 'variances' else ''}, not {value}"
                )
    weights = [1 / variance for variance in variances]
    pairs = list(zip(weights, effects, strict=True))
    if len(pairs) < 2:
        return 1.0
    mean = sum(weight * effect for weight, effect in pairs) / sum(weights)
    q = sum(weight * (effect - mean) ** 2 for weight, effect in pairs)
    return float(chdtrc(len(pairs) - 1, q))

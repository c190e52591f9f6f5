"""Evidence that stays valid however often it is looked at.

An e-process is a running bet against the null hypothesis: under it, the chance that the stake ever grows
twentyfold is at most one in twenty. So one over its largest value so far is a p-value at every look at once.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

CONCENTRATION = 100.0
"""Observations that the prior counts for: more of them find small departures sooner, and large ones later."""


def multinomial_log_e(
    counts: Sequence[float], probabilities: Sequence[float], concentration: float = CONCENTRATION
) -> float:
    """Give the log of the e-value against `probabilities` after these counts, as they stand now.

    Args:
        counts: One per category, 0 or more.
        probabilities: The null hypothesis, one per category, all above 0 and summing to 1.
        concentration: κ of the Dirichlet(κ · probabilities) prior, above 0.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, equation 8.

    """
    observed = np.asarray(counts, dtype=np.float64)
    null = np.asarray(probabilities, dtype=np.float64)
    prior = concentration * null
    log_marginal = gammaln(prior + observed).sum() - gammaln(concentration + observed.sum())
    log_prior = gammaln(prior).sum() - gammaln(concentration)
    return float(log_marginal - log_prior - observed @ np.log(null))


def always_valid_p(max_log_e: float) -> float:
    """Give the p-value, valid at every look, from the largest log e-value so far."""
    return math.exp(-max(0.0, max_log_e))

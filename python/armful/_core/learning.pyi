import numpy as np
from numpy.typing import NDArray

from armful._core._types import Floats, Integers

def learn_prior(impressions: Integers | Floats, successes: Floats) -> tuple[float, float]:
    """Learn a Beta prior for the rate of a new arm from the counts of others.

    >>> mean, strength = learn_prior([1000, 1000, 1000], [80.0, 50.0, 110.0])
    >>> round(mean, 3), round(strength)
    (0.08, 70)

    Args:
        impressions: of each arm, shape (n,), finite and at least 0. Arms without impressions are ignored. Fractions, such
            as discounted counts, are possible.
        successes: of each arm, shape (n,), from 0 to its impressions.

    Returns:
        The prior's mean m in (0, 1) and its strength s = α + β, in impressions: the prior is Beta(ms, (1-m)s). With fewer
        than ten successes (0.5, 2.0), which is Beta(1, 1). If all outcomes are successes, m is (successes + ½) /
        (impressions + 1) and s is 2. With a single arm, s is 2. With fewer than 20 arms, s is from 2 to 200; otherwise from
        0.1 to 10,000. Ctrl-C interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array has another dtype.

    Source: the marginal likelihood of beta-binomial counts on a grid of strengths, of which the result is the posterior mean
        of ln s for a uniform prior; the mean of rates with the weights n/(n+s), as in Kleinman (1973), JASA 68, 46-54.

    """

def learn_prior_by_features(
    features: NDArray[np.float64], impressions: Integers | Floats, successes: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Learn a Beta prior for each arm from the counts of arms with similar features.

    >>> features = np.array([[1.0], [1.0], [0.0], [0.0], [1.0]])
    >>> means, strengths = learn_prior_by_features(features, [900, 900, 900, 900, 0], [90.0, 99.0, 9.0, 8.0, 0.0])
    >>> means.round(2)
    array([0.08, 0.08, 0.03, 0.03, 0.08])

    Args:
        features: a row for each arm, shape (n, d) with d ≤ 256, finite: for instance 0 and 1 for the values of dimensions.
            Other numbers should have a standard deviation of about 1.
        impressions: of each arm, shape (n,), finite and at least 0.
        successes: of each arm, shape (n,), from 0 to its impressions.

    Returns:
        The mean m and the strength s of each arm's prior, Beta(ms, (1-m)s), each of shape (n,). They depend on all counts,
        also on the arm's own. With fewer than ten successes, or if there are no features, they are those of
        :func:`learn_prior`.
        Ctrl-C interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array has another dtype, or ``features`` has not two dimensions.

    Source: a Bayesian logistic regression with normal coefficients, in which n impressions count as n(κ+1)/(n+κ). κ, the
        strength of rates around the regression, and the variance of coefficients are those that predict each arm's counts
        best from those of the other arms. With the variance v of an arm's log-odds, s is 1/(1/(κ+1) + m(1-m)v) - 1.

    """

def learn_delay(conversions: Floats, impressions_old_enough: Floats, edges: Floats) -> NDArray[np.float64]:
    """Learn F, the share of the successes that have come by an age.

    >>> learn_delay([8.0, 4.0, 3.0, 1.0], [100.0, 100.0, 75.0, 25.0], [0.0, 1.0, 2.0, 4.0, 8.0]).round(3)
    array([0. , 0.4, 0.6, 0.8, 1. ])

    Args:
        conversions: the number of successes whose delay was in each bin of ages, shape (bins,), at least 0.
        impressions_old_enough: the number of impressions that are older than each bin, shape (bins,), at least 0. An
            impression within the bin may count as a fraction.
        edges: the ages that bound the bins, shape (bins + 1,), increasing from 0. The last one is the attribution window.

    Returns:
        F at each edge, shape (bins + 1,), from 0 to 1. It is the cumulated ratio of conversions to impressions, scaled to 1
        at the window. A bin that no impression has reached has the ratio per time of the bin before. With fewer than ten
        conversions, F(a) = a / window.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64.

    Source: the hazards of discrete delays, for rates that are small; Chapelle (2014), Modeling delayed feedback in display
        advertising, KDD.

    """

def delay_weights(ages: Floats, edges: Floats, curve: Floats) -> NDArray[np.float64]:
    """Compute what impressions of these ages count: the share F(age) of an impression.

    >>> delay_weights([0.5, 3.0, 99.0], [0.0, 1.0, 2.0, 4.0, 8.0], [0.0, 0.4, 0.6, 0.8, 1.0]).round(3)
    array([0.2, 0.7, 1. ])

    Args:
        ages: shape (n,), at least 0, in the unit of ``edges``.
        edges: as in :func:`learn_delay`.
        curve: F at each edge, shape (bins + 1,), in [0, 1].

    Returns:
        F(age) by linear interpolation, shape (n,); 1 beyond the last edge.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64.

    """

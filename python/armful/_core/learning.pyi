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
        The prior's mean m in (0, 1) and its strength s = α + β, in impressions: the prior is Beta(ms, (1-m)s). Without any
        impressions (0.5, 2.0), which is Beta(1, 1). If all outcomes are equal, m is (successes + ½) / (impressions + 1) and
        s is 2. With a single arm, s is 2. With fewer than 20 arms, s is from 2 to 200; otherwise from 0.1 to 10,000. Ctrl-C
        interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array has another dtype.

    Source: the marginal likelihood of beta-binomial counts on a grid of strengths, of which the result is the posterior mean
        of ln s for a uniform prior; the mean of rates with the weights n/(n+s), as in Kleinman (1973), JASA 68, 46-54.

    """

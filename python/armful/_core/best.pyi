import numpy as np
from numpy.typing import NDArray

from armful._core._types import Floats

def probability_best(alpha: Floats, beta: Floats) -> NDArray[np.float64]:
    """Compute each arm's probability to have the largest rate.

    >>> probability_best([25.0, 45.0, 15.0], [11.0, 6.0, 21.0]).round(4)
    array([0.0141, 0.9859, 0.    ])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.

    Returns:
        P(θᵢ = maxⱼ θⱼ) for independent θⱼ ~ Beta(αⱼ, βⱼ), shape (n,), with errors below 1e-8. The sum is 1. Ctrl-C
        interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64.

    Source: Gauss-Legendre quadrature of ∫ fᵢ ∏ Fⱼ over log-odds.

    """

def expected_loss(alpha: Floats, beta: Floats) -> NDArray[np.float64]:
    """Compute the expected loss of each arm: the rate lost, on average, by always choosing it instead of the best arm.

    >>> expected_loss([121.0, 65.0], [881.0, 737.0]).round(6)
    array([1.1000e-05, 3.9722e-02])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.

    Returns:
        E[maxⱼ θⱼ] - E[θᵢ] for independent θⱼ ~ Beta(αⱼ, βⱼ), shape (n,), as a rate, with errors below 1e-8. Ctrl-C
        interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64.

    Source: Gauss-Legendre quadrature of ∫ Fᵢ (1 - ∏ Fⱼ) over log-odds.

    """

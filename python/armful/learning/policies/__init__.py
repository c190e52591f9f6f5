"""Policies, which choose variants among candidates. One policy per module.

To add a policy for selections, write its module, and add its name here to `SELECTION_POLICIES` and to `ALGORITHMS` in
`armful/contract/selection.py`. Put its arithmetic into
`rust/core/src/policies`, where selections and simulations share it.
"""

from collections.abc import Mapping
from typing import Any

from armful.learning.policies.base import Candidates, Policy, SelectionParameters
from armful.learning.policies.baseline import Baseline, BaselineParameters
from armful.learning.policies.exploration import ThompsonSamplingExploration
from armful.learning.policies.floored import Floored
from armful.learning.policies.random_control import RandomControl, RandomControlParameters
from armful.learning.policies.settled import Settled, SettledParameters
from armful.learning.policies.shares import Shares, SharesParameters, at_share
from armful.learning.policies.thompson import ThompsonSampling

SELECTION_POLICIES: Mapping[str, Policy[SelectionParameters, Any]] = {
    policy.name: policy for policy in (ThompsonSampling(), ThompsonSamplingExploration())
}
"""The policies that `POST /variants/select` offers as `algorithm`, by name."""

__all__ = [
    "SELECTION_POLICIES",
    "Baseline",
    "BaselineParameters",
    "Candidates",
    "Floored",
    "Policy",
    "RandomControl",
    "RandomControlParameters",
    "SelectionParameters",
    "Settled",
    "SettledParameters",
    "Shares",
    "SharesParameters",
    "at_share",
]

"""Policies: how variants are chosen among candidates. One policy a module.

To add a policy that selections offer: write its module and name it in `SELECTION_POLICIES`. Its arithmetic belongs into
`rust/core/src/policies`, where the same code serves selections and plays simulations.
"""

from collections.abc import Mapping
from typing import Any

from armful.learning.policies.base import Candidates, Policy, SelectionParameters
from armful.learning.policies.exploration import ThompsonSamplingExploration
from armful.learning.policies.settled import Settled, SettledParameters
from armful.learning.policies.shares import Shares, SharesParameters, at_share
from armful.learning.policies.thompson import ThompsonSampling

SELECTION_POLICIES: Mapping[str, Policy[SelectionParameters, Any]] = {
    policy.name: policy for policy in (ThompsonSampling(), ThompsonSamplingExploration())
}
"""The policies that `POST /variants/select` offers as `algorithm`, by name."""

__all__ = [
    "SELECTION_POLICIES",
    "Candidates",
    "Policy",
    "SelectionParameters",
    "Settled",
    "SettledParameters",
    "Shares",
    "SharesParameters",
    "at_share",
]

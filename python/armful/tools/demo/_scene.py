"""The state of a demo."""

from collections import deque
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct, field

from armful.tools.demo._world import CAMPAIGNS, TRIALS, Campaign, Trial, Truth, truth

DAYS = 14
"""Days of traffic that a demo simulates, up to the present."""

_RECENT = 500  # visits that `recent_share` is of


class Stage(Struct):
    """A campaign, its hidden success rates, and the visits that were served and reported.

    `expected`, `uniform` and `most` are sums over visits of success rates: of the offer shown, of an offer chosen at random,
    and of the best offer. They are expected values, without the random variation of `successes`.
    """

    campaign: Campaign
    truth: Truth
    visits: int = 0
    successes: int = 0
    expected: float = 0.0
    uniform: float = 0.0
    most: float = 0.0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def best_share(self) -> float:
        """Return the fraction of the last 500 visits that got the best offer; 0 before the first."""
        return sum(self.recent) / len(self.recent) if self.recent else 0.0

    @property
    def gain(self) -> float:
        """Return the expected successes divided by those of random choice, minus 1; 0 before the first visit."""
        return self.expected / self.uniform - 1 if self.uniform else 0.0

    def count(self, persona: str, variant_id: str, at: datetime, success: bool) -> None:
        """Add a visit."""
        self.visits += 1
        self.successes += success
        self.expected += self.truth.rate(persona, variant_id, at)
        self.uniform += self.truth.uniform(persona, at)
        self.most += self.truth.most(persona, at)
        self.recent.append(variant_id == self.truth.best)


class DemoExperiment(Struct):
    """An experiment, and the participants that were reported."""

    trial: Trial
    experiment_id: str = ""
    participants: int = 0
    successes: int = 0


class Scene:
    """All campaigns and experiments. `now` is the time of the latest visitor."""

    def __init__(self, seed: int = 1) -> None:
        """Draw the hidden success rates.

        Args:
            seed: at least 0; determines the rates and the visitors.
        """
        self.seed = seed
        self.stages = {
            one.name: Stage(one, truth(one, np.random.default_rng([seed, at])))
            for at, one in enumerate(CAMPAIGNS)
        }
        self.experiments = {one.name: DemoExperiment(one) for one in TRIALS}
        self.begins = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
        self.now = self.begins

    @property
    def visits(self) -> int:
        """Return the number of visits that were served and reported, including those to experiments."""
        return sum(one.visits for one in self.stages.values()) + sum(
            one.participants for one in self.experiments.values()
        )

    @property
    def gain(self) -> float:
        """Return the expected successes of all campaigns divided by those of random choice, minus 1."""
        uniform = sum(one.uniform for one in self.stages.values())
        return sum(one.expected for one in self.stages.values()) / uniform - 1 if uniform else 0.0

    @property
    def gain_share(self) -> float | None:
        """Return the gain as a fraction of what the best offers alone would have gained; None before the first visit."""
        uniform = sum(one.uniform for one in self.stages.values())
        most = sum(one.most for one in self.stages.values())
        expected = sum(one.expected for one in self.stages.values())
        return (expected - uniform) / (most - uniform) if most > uniform else None

"""The simulated world of a demo: offers, personas and true success rates."""

import math
from datetime import datetime

import numpy as np
from msgspec import Struct

from armful.domain.experiment import Allocation

PERSONAS = {"developers": 0.5, "managers": 0.3, "students": 0.2}
"""The personas, and how often each visits relative to the others."""

_BUSIEST_HOUR = 15.0
_SWING = 0.75
_WEEKEND = 0.6
_HOURS = 168


class Offer(Struct, frozen=True):
    """A variant of a campaign."""

    variant_id: str
    content: str
    dimensions: dict[str, str]


class Campaign(Struct, frozen=True):
    """A campaign: its offers, and their success rates over all personas.

    Where successes come `late`, the offer is reported as shown first, and the success when it happens.
    """

    name: str
    offers: tuple[Offer, ...]
    rates: tuple[float, ...]
    late: bool = False


class Trial(Struct, frozen=True):
    """An experiment. offers[0] is control."""

    name: str
    description: str
    success: str
    guardrail: str
    allocation: Allocation
    offers: tuple[Offer, ...]
    rates: tuple[float, ...]
    harms: tuple[float, ...]
    """The rate of the guardrail metric, by offer."""
    number: str | None = None
    """A second metric, which is a number, if the trial has one."""
    amounts: tuple[float, ...] = ()
    """Its mean over those who succeed, by offer. It is 0 for all others."""

    def amount(self, arm: int, seed: int) -> float:
        """Return the number of a participant who has succeeded: lognormal, to the cent."""
        spread = 0.5
        drawn = np.random.default_rng(seed).lognormal(-(spread**2) / 2, spread)
        return round(float(self.amounts[arm] * drawn), 2)


def _offers(place: str, *offers: tuple[str, str, str, str]) -> tuple[Offer, ...]:
    return tuple(
        Offer(f"{place}-{name}", content, {"campaign": place, "hook_style": hook, "tone": tone})
        for name, content, hook, tone in offers
    )


CAMPAIGNS = (
    Campaign(
        "newsletter",
        _offers(
            "newsletter",
            ("question", "Still deploying on Fridays?", "question", "casual"),
            ("number", "7 ways to a calmer release day", "number", "factual"),
            ("story", "How one team stopped paging people at night", "story", "warm"),
            ("command", "Ship it before lunch", "command", "bold"),
            ("news", "Release notes, November", "statement", "factual"),
            ("secret", "What nobody tells you about rollbacks", "curiosity", "casual"),
        ),
        (0.045, 0.06, 0.075, 0.05, 0.03, 0.12),
    ),
    Campaign(
        "checkout",
        _offers(
            "checkout",
            ("plain", "Buy now", "command", "factual"),
            ("trial", "Try it free for 30 days", "offer", "warm"),
            ("proof", "Join 4,000 teams", "proof", "factual"),
            ("urgent", "Only today: two months free", "urgency", "bold"),
        ),
        (0.06, 0.14, 0.09, 0.075),
        late=True,
    ),
    Campaign(
        "onboarding",
        _offers(
            "onboarding",
            ("video", "Watch a two-minute tour", "offer", "warm"),
            ("checklist", "Five steps, four of them easy", "number", "factual"),
            ("sandbox", "Break something: it is a sandbox", "command", "bold"),
            ("letter", "A letter from the founders", "story", "warm"),
            ("none", "Skip ahead", "statement", "factual"),
        ),
        (0.22, 0.34, 0.28, 0.16, 0.2),
    ),
)

TRIALS = (
    Trial(
        "Yearly price first",
        "Does showing the yearly price first bring more sign-ups?",
        "signup",
        "refund",
        "fixed",
        _offers(
            "pricing",
            ("monthly", "€ 12 a month", "offer", "factual"),
            ("yearly", "€ 120 a year: two months free", "offer", "warm"),
        ),
        (0.08, 0.13),
        (0.01, 0.01),
        "revenue",
        (36.0, 110.0),
    ),
    Trial(
        "Length of the trial",
        "How long should a free trial be? Traffic goes where it works.",
        "upgrade",
        "support_ticket",
        "thompson",
        _offers(
            "trial-length",
            ("14", "14 days free", "offer", "factual"),
            ("30", "30 days free", "offer", "factual"),
            ("7", "A week free", "offer", "factual"),
        ),
        (0.1, 0.14, 0.07),
        (0.03, 0.03, 0.03),
    ),
)


class Truth(Struct, frozen=True):
    """The hidden truth of a campaign: the success rates by persona and offer, and the best offer."""

    rates: dict[str, dict[str, float]]
    best: str

    def rate(self, persona: str, variant_id: str, at: datetime) -> float:
        """Return the probability of a success at this time. Evenings are slightly better, for all offers alike."""
        return min(
            1.0, self.rates[persona][variant_id] * (1 + 0.1 * math.sin(_hour(at) / 24 * math.tau - 2.6))
        )

    def uniform(self, persona: str, at: datetime) -> float:
        """Return the probability of a success with an offer chosen at random."""
        return sum(self.rate(persona, offer, at) for offer in self.rates[persona]) / len(self.rates[persona])

    def most(self, persona: str, at: datetime) -> float:
        """Return the probability of a success with the best offer."""
        return self.rate(persona, self.best, at)


def truth(campaign: Campaign, random: np.random.Generator) -> Truth:
    """Assign the campaign's rates to its offers at random, with differences between personas."""
    dealt = random.permutation(campaign.rates)
    rates = {
        persona: {
            offer.variant_id: float(rate * tilt)
            for offer, rate, tilt in zip(
                campaign.offers, dealt, np.exp(random.normal(0, 0.15, len(dealt))), strict=True
            )
        }
        for persona in PERSONAS
    }
    weight = sum(PERSONAS.values())
    means = {
        offer.variant_id: sum(rates[who][offer.variant_id] * often for who, often in PERSONAS.items())
        / weight
        for offer in campaign.offers
    }
    return Truth(rates, max(means, key=means.__getitem__))


def bustle(at: datetime) -> float:
    """Return the traffic at this time relative to the weekly mean: low at night and at weekends."""
    return _bustle(at.weekday(), _hour(at)) / _MEAN_BUSTLE


def _bustle(weekday: int, hour: float) -> float:
    day = 1 + _SWING * math.cos((hour - _BUSIEST_HOUR) / 24 * math.tau)
    return day * (_WEEKEND if weekday >= 5 else 1.0)


def _hour(at: datetime) -> float:
    return at.hour + at.minute / 60


_MEAN_BUSTLE = sum(_bustle(hour // 24, hour % 24) for hour in range(_HOURS)) / _HOURS

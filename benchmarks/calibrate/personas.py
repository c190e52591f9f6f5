"""Regret in worlds with 20 arms and 20 personas: for all personas alike, for each apart, pooled, and as auto pools do."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from benchmarks.calibrate.measure import Measured, Size

from armful.core import ArmTable, learn_prior
from armful.features.pools.persona_learner import WORTHLESS, WORTHWHILE

ARMS = PERSONAS = 20
STEPS = 20_000
WORLDS = ("alike", "base rates", "different")


def world(name: str, rng: np.random.Generator) -> Any:
    """Return success rates by arm and persona.

    `alike` has one rate per arm, `base rates` the same odds times those of the persona, and `different` unrelated rates.
    """
    if name == "different":
        return rng.beta(3, 30, (ARMS, PERSONAS))
    rates = rng.beta(3, 30, ARMS)
    odds = np.repeat((rates / (1 - rates))[:, None], PERSONAS, axis=1)
    if name == "base rates":
        odds = odds * np.exp(rng.normal(0, 0.7, PERSONAS))
    return odds / (1 + odds)


def regret(rates: Any, policy: str, steps: int, rng: np.random.Generator) -> float:
    """Return what one run loses to choosing the best arm of each step's persona.

    `separate` is a table for each persona with Beta(1, 1). The others learn their prior (`learn_prior`): `global`, `pooled`,
    and `auto`, which is `pooled` while personas are seen to differ and `global` otherwise, as auto pools are.
    """
    ids, ones, zeros = [f"arm{i}" for i in range(ARMS)], [1.0] * ARMS, [0] * ARMS
    tables = [ArmTable() for _ in range(PERSONAS if policy == "separate" else 1)]
    for table in tables:
        slots = table.upsert(ids, ones, ones, zeros, zeros)
    successes, failures = np.zeros((ARMS, PERSONAS)), np.zeros((ARMS, PERSONAS))
    personas, chances = rng.integers(0, PERSONAS, steps).tolist(), rng.random(steps)
    seeds, best = rng.integers(0, 2**63, steps).tolist(), rates.max(axis=0)
    prior_a = prior_b = 1.0
    lost, due, pools = 0.0, 1.0, policy == "pooled"
    for step, persona in enumerate(personas, 1):
        table = tables[persona % len(tables)] if policy == "separate" else tables[0]
        chosen, _ = table.select(1, seed=seeds[step - 1], persona=persona if pools else None)
        arm = int(chosen[0])
        lost += best[persona] - rates[arm, persona]
        if chances[step - 1] < rates[arm, persona]:
            successes[arm, persona] += 1
        else:
            failures[arm, persona] += 1
        s, f = successes[arm, persona], failures[arm, persona]
        if policy in ("pooled", "auto"):
            table.update_cells([arm], [persona], [s], [f], [step])
        if policy == "separate":
            table.upsert([ids[arm]], [1 + s], [1 + f], [0], [step])
        else:
            s, f = successes[arm].sum(), failures[arm].sum()
            table.upsert([ids[arm]], [prior_a + s], [prior_b + f], [0], [step])
        if policy != "separate" and step >= due:
            due = 1.1 * step
            all_s, all_n = successes.sum(1), (successes + failures).sum(1)
            if all_s.sum() >= 10:
                mean, strength = learn_prior(all_n.astype(np.int64), all_s)
                prior_a, prior_b = mean * strength, (1 - mean) * strength
            alpha, beta = prior_a + all_s, prior_b + all_n - all_s
            table.upsert(ids, alpha, beta, zeros, [step] * ARMS)
            if policy in ("pooled", "auto"):
                table.set_persona_priors(slots, [prior_a] * ARMS, [prior_b] * ARMS)
                fit = table.fit_personas()
                if policy == "auto" and fit is not None:
                    pools = fit[1] >= (WORTHLESS if pools else WORTHWHILE)
    return lost


@cache
def mean_regrets(
    name: str, policies: Sequence[str], *, steps: int = STEPS, runs: int = 60
) -> dict[str, float]:
    """Return the mean regret of each policy over the same worlds."""
    lost = dict.fromkeys(policies, 0.0)
    for run in range(runs):
        for policy in policies:
            rng = np.random.default_rng(run)
            lost[policy] += regret(world(name, rng), policy, steps, rng) / runs
    return lost


def auto_against_global(size: Size, *, name: str) -> Measured:
    """Compare the regret of an auto pool with that of no personas."""
    runs = max(10, min(60, size.runs // 10))
    lost = mean_regrets(name, ("global", "auto", "pooled", "separate"), runs=runs)
    ratio = lost["auto"] / lost["global"]
    figure = (
        f"{lost['auto']:.0f} against {lost['global']:.0f} (always pooled {lost['pooled']:.0f}, "
        f"separate {lost['separate']:.0f})"
    )
    if name == "different":
        return Measured(figure, "at most 70 %", ratio <= 0.7)
    return Measured(figure, "at most 103 %", ratio <= 1.03)

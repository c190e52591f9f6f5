"""The options of `thompson_learning`, and drawn worlds."""

import numpy as np
import pytest

from armful.tools.simulate import Learning, World, compare, draw_arms

RATES = [0.02, 0.02, 0.03, 0.1]


def regrets(learning: Learning = Learning(), world: World = World()) -> dict[str, float]:  # noqa: B008
    contest = compare(
        RATES,
        ["thompson", "thompson_learning"],
        horizon=4000,
        runs=100,
        seed=2,
        learning=learning,
        world=world,
    )
    assert (contest.learning, contest.world) == (learning, world)
    return {outcome.policy: outcome.regret for outcome in contest.outcomes}


def test_by_default_it_is_thompson_sampling() -> None:
    regret = regrets()
    assert regret["thompson_learning"] == regret["thompson"]


@pytest.mark.parametrize(
    "learning",
    [
        Learning(sharpness=2.0),
        Learning(known_horizon=True),
        Learning(priors="learnt"),
    ],
)
def test_each_option_lowers_the_regret_of_this_world(learning: Learning) -> None:
    """By at least a tenth, which is more than four standard errors of the difference."""
    regret = regrets(learning)
    assert regret["thompson_learning"] < 0.9 * regret["thompson"]


def test_late_outcomes_cost_less_with_a_curve() -> None:
    world = World(delay=500.0, window=2500)
    regret = {
        late: regrets(Learning(late=late), world)["thompson_learning"]
        for late in ("failure", "pending", "curve")
    }
    assert regret["curve"] < 0.8 * regret["failure"]
    assert regret["curve"] < 0.8 * regret["pending"]
    assert regrets(world=world)["thompson"] == regret["failure"]


def test_discounting_follows_rates_that_move() -> None:
    world = World(drift=0.02)
    regret = {}
    for half_life in (None, 300.0):
        learning = Learning(half_life=half_life)
        contest = compare(
            [0.2] * 5, ["thompson_learning"], horizon=10_000, runs=60, seed=1, learning=learning, world=world
        )
        regret[half_life] = contest.outcomes[0].regret
    assert regret[300.0] < 0.8 * regret[None]
    outcome = compare(RATES, ["random"], horizon=50, runs=2, seed=1, world=world).outcomes[0]
    assert np.isnan([outcome.reward, outcome.best_share]).all()


def test_regret_is_relative_to_the_arms_that_have_arrived() -> None:
    contest = compare(
        [0.1, 0.9], ["random"], horizon=1000, runs=50, seed=1, points=10, world=World(arriving=True)
    )
    steps, curve = np.array(contest.steps), np.array(contest.outcomes[0].curve)
    assert curve[steps <= 400].max() == 0
    # The second arm arrives after 450 of 1,000 steps.
    assert curve[-1] == pytest.approx(0.4 * 550, rel=0.05)


def test_rewards_may_be_numbers() -> None:
    contest = compare(
        [-1.0, 5.0, 7.0], ["thompson", "random"], horizon=2000, runs=50, seed=1, world=World(noise=3.0)
    )
    regret = {outcome.policy: outcome.regret for outcome in contest.outcomes}
    assert regret["random"] == pytest.approx(2000 * 10 / 3, rel=0.02)
    assert regret["thompson"] < 0.05 * regret["random"]
    with pytest.raises(ValueError, match="noise is 3: it must be 0 for a policy that needs success rates"):
        compare([1.0, 2.0], ["ucb1"], horizon=10, runs=2, world=World(noise=3.0))
    with pytest.raises(ValueError, match="noise is 3: it must be 0 with a delay or a drift"):
        compare([1.0, 2.0], ["random"], horizon=10, runs=2, world=World(noise=3.0, drift=0.1))


def test_drawn_arms_have_the_moments_of_the_prior_and_dimensions_explain_their_share() -> None:
    plain, features = draw_arms(2000, (2, 30), seed=3)
    assert features is None
    explained = []
    for seed in range(30):
        rates, features = draw_arms(2000, (2, 30), dimensions=3, explained=0.6, seed=seed)
        logits = np.log(rates) - np.log1p(-np.array(rates))
        table = np.array(features)
        assert table.shape == (2000, 12)
        assert (table.sum(axis=1) == 3).all()
        residual = logits - table @ np.linalg.lstsq(table, logits, rcond=None)[0]
        explained.append((logits.var() - residual.var(), residual.var()))
    between, within = np.mean(explained, axis=0)
    spread = np.var(np.log(plain) - np.log1p(-np.array(plain)))
    assert within == pytest.approx(0.4 * spread, rel=0.1)
    # The effects of four values in each of three dimensions are themselves random.
    assert between == pytest.approx(0.6 * spread * 0.75, rel=0.35)


@pytest.mark.parametrize(
    ("learning", "message"),
    [
        (Learning(sharpness=0.0), "sharpness is 0: it must be above 0 and at most 10,000"),
        (Learning(half_life=0.5), "half_life is 0.5: it must be at least 1"),
    ],
)
def test_refusals(learning: Learning, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        regrets(learning)

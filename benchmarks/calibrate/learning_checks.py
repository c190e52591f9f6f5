"""The checks of learning. The limits are the regrets that each option is meant to reach, with 5 % on top."""

from functools import partial

from benchmarks.calibrate.learning import SLOWLY, arriving, regret
from benchmarks.calibrate.measure import Check

from armful.tools.simulate import Learning, World

LATE = World(delay=1000.0, window=5000)
SHORTLY = World(delay=100.0, window=500)
LATE_AND_ARRIVING = World(arriving=True, delay=1000.0, window=5000)
MOVING = World(drift=0.01)

LEARNING_CHECKS = [
    *(
        Check(
            f"Regret, ten arms, {name}, sharpness {sharpness}",
            partial(
                regret,
                learning=Learning(sharpness=sharpness, priors=priors),
                known_prior=known,
                at_most=limit,
            ),
        )
        for name, priors, known, limits in (
            ("Beta(1,1)", "given", False, (97.3, 64.2, 56)),
            ("a prior learnt before", "given", True, (59.3, 39.3, 73)),
            ("the prior learnt on the way", "learnt", False, (66, 60, 110)),
        )
        for sharpness, limit in zip((1.0, 2.0, 4.0), limits, strict=True)
    ),
    Check(
        "The same, Beta(1,1), known horizon",
        partial(regret, learning=Learning(known_horizon=True), at_most=75),
    ),
    *(
        Check(
            f"Regret, ten arms, {name}, {kind}",
            partial(regret, learning=Learning(late=late), world=world, **further),
        )
        for name, world, further, limits in (
            ("outcomes 1,000 steps late", LATE, {}, (161, 211, 116)),
            ("outcomes 100 steps late", SHORTLY, {}, (101, 115, 96)),
            ("arriving, outcomes 1,000 steps late", LATE_AND_ARRIVING, {"rates": SLOWLY}, (175, 490, 83)),
        )
        for (kind, late), limit in zip(
            (("a failure at once", "failure"), ("pending", "pending"), ("a learnt curve", "curve")),
            limits,
            strict=True,
        )
        for further in [{**further, "at_most": limit}]
    ),
    *(
        Check(
            f"Regret as a share of Beta(1,1)'s, 120 arriving arms, dimensions explain {explained:.0%}, {name}",
            partial(arriving, learning=learning, explained=explained, at_most=limit),
        )
        for explained, limits in ((0.7, (0.64, 0.46, 0.42)), (0.0, (0.64, 0.64, 0.66)))
        for (name, learning), limit in zip(
            (
                ("learnt prior", Learning(priors="learnt")),
                ("priors by dimensions", Learning(priors="features")),
                ("priors by dimensions, sharpness 2", Learning(priors="features", sharpness=2.0)),
            ),
            limits,
            strict=True,
        )
    ),
    *(
        Check(
            f"Regret, ten arms whose rates {name}, {kind}",
            partial(
                regret,
                learning=Learning(sharpness=2.0, priors="learnt", half_life=half_life),
                world=world,
                at_most=limit,
            ),
        )
        for name, world, limits in (("move", MOVING, (760, 300)), ("stay", World(), (60, 115)))
        for (kind, half_life), limit in zip(
            (("no discounting", None), ("half-life 2,000", 2000.0)), limits, strict=True
        )
    ),
]

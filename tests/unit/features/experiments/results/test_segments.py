"""No segment is called significant unless the effect differs between segments."""

import pytest
from tests.unit.features.experiments.results.test_recommendation import DAY_20, counts, experiment

from armful.domain.experiment import Metric
from armful.features.experiments.results.evaluation import evaluate
from armful.features.experiments.results.segments import by_persona, compute_segments
from armful.features.experiments.results.store import DayCount, SegmentCount
from armful.stats.rates.comparison import compare


def segments(*outcomes: tuple[tuple[int, int], tuple[int, int]]) -> tuple[list[bool], list[float], float]:
    """Whether each segment is significant, its adjusted p-value, and the p-value of a difference between them."""
    counted = [
        SegmentCount(f"s{number:02}", variant, *(participants, converted) * 2)
        for number, arms in enumerate(outcomes)
        for variant, (participants, converted) in enumerate(arms, start=1)
    ]
    plan = experiment(status="completed")
    found, interaction = compute_segments(
        plan, counted, evaluate(plan, counts((1000, 80), (1000, 80)), DAY_20)
    )
    assert interaction is not None
    significances = [segment.significance for segment in found.values()]
    adjusted = [s.adjusted_p_value for s in significances if s.adjusted_p_value is not None]
    return [s.is_significant for s in significances], adjusted, interaction


def test_the_same_effect_everywhere_is_no_finding_about_a_segment() -> None:
    significant, _, interaction = segments(*[((1000, 80), (1000, 130))] * 4)
    assert interaction > 0.9
    assert significant == [False] * 4


def test_an_effect_in_one_segment_only_is_found_there() -> None:
    significant, adjusted, interaction = segments(
        ((2000, 160), (2000, 320)), *[((2000, 160), (2000, 162))] * 3
    )
    assert interaction < 1e-6
    assert significant == [True, False, False, False]
    assert adjusted[0] == pytest.approx(4 * compare(320, 2000, 160, 2000).p_value)


def test_among_many_segments_a_chance_finding_is_not_significant() -> None:
    """One of 20 segments has p = 0.01 by itself."""
    significant, _, _ = segments(((1000, 80), (1000, 113)), *[((1000, 80), (1000, 80))] * 19)
    assert significant == [False] * 20


def test_a_small_segment_is_not_judged() -> None:
    significant, _, _ = segments(((30, 1), (30, 29)), ((2000, 160), (2000, 162)))
    assert significant == [False, False]


def test_events_without_a_persona_are_in_no_segment() -> None:
    days = [DayCount(1, 1, DAY_20.date(), persona, 10, 2, 7, 1) for persona in ("", "developer")]
    named = [SegmentCount("developer", 1, 0, 0, 2, 1)]
    anonymous = SegmentCount("developer", 1, 10, 2, 7, 1, 7, 7, 1, 1, 1)
    assert by_persona(days, named, Metric()) == [*named, anonymous]
    # Nobody knows the values of impressions by persona.
    number = Metric(type="number")
    assert by_persona(days, named, number) == [*named, SegmentCount("developer", 1, 10, 2, 0, 0)]

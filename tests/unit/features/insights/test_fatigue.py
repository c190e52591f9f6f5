"""The report of fatigue: which variants are compared, and in which order."""

from tests.unit.samples import variant

from armful.domain.variant import Variant
from armful.features.insights.fatigue import judge, judge_pools
from armful.stats.fatigue import WindowCounts, fatigue

STEADY = WindowCounts(1440, 36_000, 2880, 72_000)
DECLINED = WindowCounts(960, 36_000, 2880, 72_000)
WORSE = WindowCounts(720, 36_000, 2880, 72_000)


def variants(*names: str) -> list[Variant]:
    return [variant(number, variant_id=name) for number, name in enumerate(names)]


def test_fatigued_variants_come_first_and_then_those_that_declined_most() -> None:
    counts = {
        0: STEADY,
        1: DECLINED,
        2: WindowCounts(2, 100, 8, 200),
        3: WORSE,
        **dict.fromkeys(range(4, 12), STEADY),
    }
    report = judge(variants(*"abcdefghijkl"), counts)
    assert list(report.variants)[:3] == ["d", "b", "c"]
    assert [one.result.status for one in report.variants.values()][:4] == [
        "fatigued", "fatigued", "insufficient_data", "fresh",
    ]  # fmt: skip
    expected = fatigue([counts[number] for number in range(12)])
    assert [report.variants[name].result for name in "abcdefghijkl"] == expected


def test_the_counts_of_other_variants_are_ignored() -> None:
    report = judge(variants("a", "b"), {0: STEADY, 1: STEADY, 7: DECLINED})
    assert report.all_variants == WindowCounts(2880, 72_000, 5760, 144_000)


def test_a_variant_that_was_not_shown_has_insufficient_data() -> None:
    report = judge(variants("a", "b"), {0: STEADY})
    assert report.variants["b"].counts == WindowCounts(0, 0, 0, 0)
    assert report.variants["b"].result.status == "insufficient_data"
    assert judge([], {0: STEADY}).variants == {}


def test_variants_are_compared_with_those_of_their_pool() -> None:
    """In pool b all have declined alike: that is a season of b, and no fatigue."""
    of_a = [variant(number, variant_id=f"a{number}", pool="a") for number in range(9)]
    of_b = [variant(number, variant_id=f"b{number}", pool="b") for number in range(9, 18)]
    none = [variant(18, variant_id="c")]
    counts = {number: STEADY if number < 9 else DECLINED for number in range(18)}
    counts[0] = WORSE
    reports = judge_pools([*of_a, *of_b, *none], counts)
    assert set(reports) == {"a", "b", "", None}
    assert next(iter(reports["a"].variants)) == "a0"
    assert {one.result.status for one in reports["b"].variants.values()} == {"fresh"}
    assert reports["a"].variants == judge(of_a, counts).variants
    assert next(iter(reports[None].variants)) == "a0"
    assert len(reports[None].variants) == 19
    assert judge_pools([], {})[None].variants == {}

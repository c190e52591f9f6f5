"""The candidates of a pool are its active variants, under the posteriors that its model gives."""

from tests.unit.samples import variant

from armful.learning.pool_model import PoolModel
from armful.replica.cached_variant import CachedVariant
from armful.replica.candidates import PoolCandidates
from armful.stats.priors import Prior


def entries(*keys: int) -> list[CachedVariant]:
    return [CachedVariant(variant(key, pool="p", impressions=10 * key, successes=key), 1) for key in keys]


def parameters(candidates: PoolCandidates) -> dict[str, tuple[float, float]]:
    slots = candidates.table.slots()
    alpha, beta, _, _ = candidates.table.arms()
    return dict(
        zip(candidates.table.ids(slots), zip(alpha.tolist(), beta.tolist(), strict=True), strict=True)
    )


def test_variants_come_and_go() -> None:
    candidates = PoolCandidates("p")
    one, two = entries(1, 2)
    for entry in (one, two):
        candidates.join(entry)
    candidates.upsert([one, two], 1)
    assert len(candidates) == 2
    assert candidates.at_slots([two.slot, one.slot]) == [two, one]  # type: ignore[list-item]
    candidates.remove([one], 2)
    candidates.remove([one], 2)
    assert (len(candidates), one.slot, set(candidates.members)) == (1, None, {1, 2})
    candidates.upsert([one], 3)
    assert len(candidates) == 2
    candidates.leave(one, 4)
    assert (len(candidates), set(candidates.members)) == (1, {2})
    candidates.clear(5)
    assert (len(candidates), candidates.members) == (0, {})


def test_the_unnamed_pool_keeps_no_list_of_members() -> None:
    candidates = PoolCandidates()
    (one,) = entries(1)
    candidates.join(one)
    assert (one.pool, candidates.members) == (None, {})


def test_a_model_changes_all_posteriors() -> None:
    candidates = PoolCandidates("p")
    one, two = entries(1, 2)
    candidates.upsert([one, two], 1)
    assert parameters(candidates) == {"v1": (2.0, 10.0), "v2": (3.0, 19.0)}
    candidates.use(PoolModel(prior=Prior(5.0, 95.0), sharpness=2.0), 2)
    assert parameters(candidates) == {"v1": (12.0, 208.0), "v2": (14.0, 226.0)}
    two.variant.successes, two.variant.impressions = 3, 21
    candidates.update([two.slot], [two.variant], 3)  # type: ignore[list-item]
    assert parameters(candidates)["v2"] == (16.0, 226.0)
    three = entries(3)
    candidates.upsert(three, 4)
    assert parameters(candidates)["v3"] == (16.0, 244.0)


def test_more_variants_than_are_computed_at_a_time() -> None:
    candidates = PoolCandidates("p")
    candidates.upsert(entries(*range(1, 4502)), 1)
    candidates.use(PoolModel(prior=Prior(1.0, 1.0), sharpness=3.0), 2)
    assert all(
        pair == (3.0 * (key + 1), 3.0 * (9 * key + 1))
        for key, pair in enumerate(parameters(candidates).values(), start=1)
    )


def test_only_changed_posteriors_are_replaced() -> None:
    candidates = PoolCandidates("p")
    some = entries(1, 2, 3)
    for entry in some:
        candidates.join(entry)
    candidates.upsert(some, 1)
    assert candidates.use(PoolModel(pending={1: 2.0, 9: 1.0}), 2)
    assert [row[1] for row in parameters(candidates).values()] == [8.0, 19.0, 28.0]
    assert not candidates.use(PoolModel(pending={1: 2.0, 9: 3.0}), 3)
    assert candidates.use(PoolModel(pending={2: 1.0}), 3)
    assert [row[1] for row in parameters(candidates).values()] == [10.0, 18.0, 28.0]
    versions = candidates.table.arms()[3].tolist()
    assert versions == [3, 3, 1]

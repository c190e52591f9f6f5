"""The random control takes no notice of outcomes."""

import msgspec
from tests.unit.samples import variant

from armful.contract.selection import SelectRequest
from armful.learning.policies import RandomControl, RandomControlParameters
from armful.replica.cached_variant import CachedVariant
from armful.replica.variant_cache import VariantCache


def test_bad_variants_are_chosen_as_often_as_good_ones() -> None:
    cache = VariantCache()
    cache.upsert([variant(1, impressions=10_000, successes=9_000), variant(2, impressions=10_000)])
    body = {"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p"}
    parameters = RandomControlParameters(msgspec.convert(body, SelectRequest))
    policy: RandomControl[CachedVariant] = RandomControl()
    draws = [policy.draw(cache.unnamed, parameters) for _ in range(1000)]
    assert 400 < sum(draw.chosen[0].variant.key == 2 for draw in draws) < 600
    assert {(draw.candidates, tuple(draw.scores or ())) for draw in draws} == {(2, (0.0,))}

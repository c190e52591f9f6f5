"""A patch changes what was sent and nothing else."""

import msgspec
import pytest

from armful.contract.variants import NewVariants, VariantPatch


@pytest.mark.parametrize(
    "sent", [{}, {"content": None}, {"content": "x", "status": "archived"}, {"dimensions": {}}]
)
def test_the_changes_are_the_fields_that_were_sent(sent: dict[str, object]) -> None:
    assert msgspec.convert(sent, VariantPatch).changes() == sent


@pytest.mark.parametrize(
    "field", [{"prior_alpha": 0}, {"status": "deleted"}, {"impressions": 1}, {"variant_id": "b"}]
)
def test_counters_and_ids_cannot_be_changed(field: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(field, VariantPatch)


def test_so_many_are_created_at_once() -> None:
    one = {"variant_id": "a"}
    assert len(msgspec.convert({"variants": [one] * 10_000}, NewVariants).variants) == 10_000
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"variants": [one] * 10_001}, NewVariants)

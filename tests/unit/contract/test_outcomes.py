"""An update has the rules of an outcome and no other fields; an answer says only what is not as usual."""

import msgspec
import pytest

from armful.contract.outcomes import Batch, BatchItem, PerformanceAnswer, PerformanceUpdate
from armful.contract.variants import PerformanceView
from armful.domain.outcome import Outcome


def test_an_update_has_the_fields_of_an_outcome() -> None:
    assert PerformanceUpdate.__struct_fields__ == Outcome.__struct_fields__
    assert set(BatchItem.__struct_fields__) == {*Outcome.__struct_fields__, "variant_id"}


@pytest.mark.parametrize("field", [{"unknown": 1}, {"impression": False}, {"selection_id": "0" * 32}])
def test_an_update_keeps_its_rules(field: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"impression": True, "success": False, **field}, PerformanceUpdate)


def test_an_item_of_a_batch_names_its_variant() -> None:
    with pytest.raises(msgspec.ValidationError, match="variant_id"):
        msgspec.convert({"updates": [{"impression": True, "success": False}]}, Batch)


def test_an_answer_leaves_out_what_is_as_usual() -> None:
    view = PerformanceView(1, 0, 0.0)
    usual = msgspec.to_builtins(PerformanceAnswer(variant_id="a", updated_performance=view))
    assert set(usual) == {"variant_id", "updated_performance"}
    again = msgspec.to_builtins(
        PerformanceAnswer(variant_id="a", updated_performance=view, duplicate=True, counted=False)
    )
    assert (again["duplicate"], again["counted"]) == (True, False)

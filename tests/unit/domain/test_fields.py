"""The limits of ids, labels and counts."""

from typing import Any

import msgspec
import pytest

from armful.domain import fields


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.VariantId, "a"),
        (fields.VariantId, "é/ 日本 \u00a0"),
        (fields.VariantId, "x" * 255),
        (fields.ExperimentId, "exp_A1_b-2xyz"),
        (fields.Label, "any\nthing"),
        (fields.Name, "Ünïcode & [markup]"),
        (fields.EventId, "x" * 128),
        (fields.Count, 2**53),
    ],
)
def test_what_fits_is_accepted(kind: Any, value: object) -> None:
    assert msgspec.convert(value, kind) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.VariantId, ""),
        (fields.VariantId, "x" * 256),
        (fields.VariantId, "a\nb"),
        (fields.VariantId, "a\n"),
        (fields.VariantId, "\x7f"),
        (fields.VariantId, "\u2028"),
        (fields.ExperimentId, "exp_short"),
        (fields.ExperimentId, "experiment_12345"),
        (fields.ExperimentId, "exp_12345678\n"),
        (fields.ExperimentId, "exp_1234567é"),
        (fields.Label, ""),
        (fields.Name, ""),
        (fields.Name, "\x1b[31mred"),
        (fields.Name, "two\nlines"),
        (fields.EventId, "x" * 129),
        (fields.Count, -1),
        (fields.Count, 2**53 + 1),
        (fields.Text, "x" * 100_001),
    ],
)
def test_anything_else_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, kind)

"""Standings as callers see them: shares of all recent selections, and daily counts apart."""

import pytest
from tests.unit.samples import variant

from armful.features.insights.listing import Overall, Row, Standing
from armful.http.views.insights import row_view, standing_view, summary_view


def standing(selections: int = 3) -> Standing:
    return Standing(
        variant_id="v1", lower_bound=0.1, upper_bound=0.3, chance_to_be_best=0.5, selections=selections,
        daily=((5, 1), (0, 0)),
    )  # fmt: skip


@pytest.mark.parametrize(("selections", "share"), [(12, 0.25), (0, None)])
def test_the_share_is_of_all_selections(selections: int, share: float | None) -> None:
    view = standing_view(standing(), selections)
    assert view.recent_share == share
    assert (view.impressions, view.successes) == ([5, 0], [1, 0])


def test_an_archived_variant_has_no_standing() -> None:
    view = row_view(Row(variant(1, status="archived"), None, None), 10)
    assert (view.status, view.standing) == ("archived", None)


def test_a_summary_may_have_no_leader() -> None:
    overall = Overall(active=2, impressions=7, untried=1, contenders=2, highest_bound=0.4, leader=None)
    assert summary_view(overall, 0).leader is None
    led = summary_view(
        Overall(
            active=2, impressions=7, untried=1, contenders=2, highest_bound=0.4, leader=Row(variant(1), None, standing())
        ),
        6,
    )  # fmt: skip
    assert led.leader is not None
    assert led.leader.standing is not None
    assert led.leader.standing.recent_share == 0.5

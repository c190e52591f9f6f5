"""An experiment for everybody counts every persona."""

import pytest
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import results, start


@pytest.mark.parametrize("persona", [None, "*"])
def test_outcomes_of_every_persona_count(service: Running, persona: str | None) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, variant_ids=["a", "b"], target_persona=persona)
    for name in ("developers", "designers"):
        report(client, "a", persona_id=name)
    report(client, "a")
    answer = results(client, experiment, segment_by="persona_id")
    assert answer["variant_performance"]["a"]["impressions"] == 3
    assert sorted(answer["segment_breakdown"]) == ["designers", "developers"]

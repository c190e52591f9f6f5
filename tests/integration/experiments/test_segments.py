"""Results by segment: by persona, or by any key of the metadata."""

from httpx2 import Client
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import results, start


def test_segments_by_persona_and_by_any_metadata_key(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(
        client, "a", persona_id="tech", success=True, metadata={"channel": "mail", "n": 1, "deep": {"x": 1}}
    )
    report(client, "a", metadata={"channel": "web", "n": 2})
    report(client, "b", metadata={"channel": "web", "flag": True}, batch_size=4)
    by_persona = results(client, experiment, segment_by="persona_id")["segment_breakdown"]
    assert list(by_persona) == ["tech"]
    by_channel = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert list(by_channel) == ["mail", "web"]
    assert by_channel["web"]["variant_performance"]["a"]["impressions"] == 1
    assert by_channel["web"]["variant_performance"]["b"]["impressions"] == 4
    assert by_channel["web"]["statistical_significance"]["is_significant"] is False
    assert list(results(client, experiment, segment_by="n")["segment_breakdown"]) == ["1", "2"]
    assert list(results(client, experiment, segment_by="flag")["segment_breakdown"]) == ["true"]
    assert results(client, experiment, segment_by="deep")["segment_breakdown"] == {}
    assert "segment_breakdown" not in results(client, experiment)


def test_a_metadata_key_that_names_things_is_no_segment(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for chunk in range(2):
        updates = [
            {
                "variant_id": "a",
                "impression": True,
                "success": False,
                "metadata": {"post": f"{chunk}-{n}", "channel": "web"},
            }
            for n in range(1100)
        ]
        assert client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 1100
    answer = client.get(f"/experiments/{experiment}/results?segment_by=post")
    assert "more values" in problem(answer, 400)["detail"]
    channel = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert channel["web"]["variant_performance"]["a"]["impressions"] == 2200

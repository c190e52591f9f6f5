"""Results of a published experiment."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.experiments.steps import end_as_planned, results, start

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def score(row: dict[str, str]) -> float:
    """A number that the data has no column for: a visit is worth 1, and a conversion 10.5 more."""
    return int(row["visit"]) + 10.5 * int(row["conversion"])


@pytest.mark.skipif(
    not (DATA / "hillstrom_email.csv").exists(), reason="the Hillstrom data is not beside the project"
)
def test_a_real_experiment_is_reproduced(service: Running) -> None:
    """64,000 customers of the MineThatData e-mail test, event by event: its known results, whole and by channel."""
    client = service.client
    arms = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
    create(client, *arms.values())
    experiment = start(
        client,
        variant_ids=list(arms.values()),
        traffic_allocation=[1 / 3] * 3,
        success_metrics=["conversion", "visit", {"name": "score", "type": "number"}],
    )
    rows = list(csv.DictReader(io.StringIO((DATA / "hillstrom_email.csv").read_text())))
    expected: dict[Any, list[int]] = {}
    for begin in range(0, len(rows), 10_000):
        updates = []
        for number, row in enumerate(rows[begin : begin + 10_000], begin):
            variant = arms[row["segment"]]
            updates.append(
                {
                    "variant_id": variant, "impression": True, "success": row["conversion"] == "1",
                    "participant_id": f"customer {number}", "event_id": f"event {number}",
                    "metrics": {"visit": row["visit"] == "1", "score": score(row)},
                    "metadata": {"channel": row["channel"], "newbie": row["newbie"]},
                }
            )  # fmt: skip
            tally = expected.setdefault((row["channel"], variant), [0, 0])
            tally[0] += 1
            tally[1] += row["conversion"] == "1"
        answer = client.post("/performance/batch", json={"updates": updates}, timeout=120).json()
        assert (answer["accepted"], answer["rejected"]) == (len(updates), [])
    end_as_planned(service, experiment)
    answer = results(client, experiment, segment_by="channel")
    performance = {
        name: (p["successes"], p["impressions"]) for name, p in answer["variant_performance"].items()
    }
    assert performance == {"mens": (267, 21307), "womens": (189, 21387), "none": (122, 21306)}
    assert answer["results_summary"]["total_participants"] == 64_000
    assert answer["sample_ratio"]["p_value"] == pytest.approx(0.904, abs=5e-4)
    # Two-sided p of z = 7.385 and 3.780.
    assert answer["comparisons"]["mens"]["p_value"] == pytest.approx(1.5e-13, rel=0.05)
    assert answer["comparisons"]["womens"]["p_value"] == pytest.approx(1.57e-4, rel=0.01)
    assert answer["results_summary"]["winner_variant_id"] == "mens"
    assert answer["recommendations"]["recommendation_type"] == "ship"
    assert answer["metrics"]["visit"]["variant_performance"]["mens"]["successes"] == sum(
        row["visit"] == "1" for row in rows if row["segment"] == "Mens E-Mail"
    )
    found = answer["metrics"]["score"]
    scores = {
        name: [score(row) for row in rows if row["segment"] == segment] for segment, name in arms.items()
    }
    for name in ("mens", "womens"):
        expected_p = stats.ttest_ind(scores[name], scores["none"], equal_var=False).pvalue
        assert found["comparisons"][name]["p_value"] == pytest.approx(expected_p, rel=1e-9)
    for name, each in scores.items():
        assert found["values"][name]["total"] == pytest.approx(math.fsum(each))
        assert found["values"][name]["value"] == pytest.approx(math.fsum(each) / len(each))
    for (channel, variant), (shown, won) in expected.items():
        figures = answer["segment_breakdown"][channel]["variant_performance"][variant]
        assert (figures["impressions"], figures["successes"]) == (shown, won)

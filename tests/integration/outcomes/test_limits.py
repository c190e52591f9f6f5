"""What a report can make the service keep or compute has limits, and the error names them."""

from typing import Any

import pytest
from tests.conftest import Running
from tests.integration.contract import create


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"metadata": {f"key{n}": n for n in range(101)}}, 422, "metadata"),
        (
            {"metadata": {"note": "x" * 17_000}},
            400,
            "metadata has 17011 bytes as JSON, and at most 16384 are allowed",
        ),
        ({"metrics": {f"metric{n}": True for n in range(101)}}, 422, "metrics"),
    ],
)
def test_a_report_that_says_too_much_is_refused(
    service: Running, said: dict[str, Any], status: int, words: str
) -> None:
    create(service.client, "a")
    body = {"impression": True, "success": False, **said}
    answer = service.client.post("/variants/a/performance", json=body)
    assert answer.status_code == status
    assert words in answer.text
    batch = service.client.post(
        "/performance/batch",
        json={
            "updates": [
                {"variant_id": "a", **body},
                {"variant_id": "a", "impression": True, "success": False},
            ]
        },
    ).json()
    assert batch["accepted"] == 1
    assert [item["index"] for item in batch["rejected"]] == [0]


def test_ten_thousand_unknown_variants_are_one_query(service: Running) -> None:
    create(service.client, "a")
    updates = [{"variant_id": f"none{n}", "impression": True, "success": False} for n in range(9_999)]
    updates.append({"variant_id": "a", "impression": True, "success": False})
    before = service.sql("SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()")[
        0
    ]["n"]
    answer = service.client.post("/performance/batch", json={"updates": updates})
    after = service.sql("SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()")[
        0
    ]["n"]
    assert answer.json()["accepted"] == 1
    assert len(answer.json()["rejected"]) == 9_999
    assert answer.json()["rejected"][0]["detail"] == "Variant 'none0' not found"
    assert after - before < 1_000

"""What the dashboard reads: its own files, standings, histories, live events, the key in use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import ADMIN_KEY, Running, run
from tests.integration.contract import create, problem, report, select
from tests.processes import wait_until

from armful.features.insights import live
from armful.http import dashboard
from armful.replica.usage import delete_old_selection_counts


def test_the_page_is_under_every_address_and_strict(client: Client) -> None:
    for path in ("/dashboard", "/dashboard/", "/dashboard/variants/a%2Fb"):
        response = client.get(path, headers={"Authorization": ""})
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in response.text
        assert "style=" not in response.text


def test_where_it_is_not_built_a_page_says_so(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "_FOLDER", tmp_path)
    assert "make dashboard" in client.get("/dashboard").text
    problem(client.get("/dashboard/assets/index-12345678.js"), 404)


def test_files_come_compressed_and_are_kept(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "_FOLDER", tmp_path)
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "index-12345678.js").write_text("plain")
    (assets / "index-12345678.js.gz").write_bytes(b"compressed")
    (assets / "theme.js").write_text("plain")
    (tmp_path / "index.html").write_text("<p>built</p>")
    with client.stream(
        "GET", "/dashboard/assets/index-12345678.js", headers={"Accept-Encoding": "gzip"}
    ) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-type"].startswith("text/javascript")
        assert b"".join(response.iter_raw()) == b"compressed"
    plain = client.get("/dashboard/assets/index-12345678.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == "plain"
    assert client.get("/dashboard/assets/theme.js").headers["cache-control"] == "no-cache"
    assert client.get("/dashboard/variants").text == "<p>built</p>"
    for outside in ("..%2Findex.html", "%2e%2e%2findex.html", ".hidden", "none.js"):
        problem(client.get(f"/dashboard/assets/{outside}"), 404)


def test_the_key_in_use_says_what_it_may_do(service: Running) -> None:
    made = service.client.post("/keys", json={"name": "for looking", "scopes": ["read"]}).json()
    key = service.as_key(made["key"]).get("/keys/current").json()
    assert (key["name"], key["scopes"]) == ("for looking", ["read"])
    assert "key" not in key
    selecting = service.client.post("/keys", json={"name": "s", "scopes": ["select"]}).json()["key"]
    problem(service.as_key(selecting).get("/keys/current"), 403)


def test_standings_weigh_every_active_variant(service: Running) -> None:
    client = service.client
    create(
        client,
        {"variant_id": "a", "impressions": 1000, "successes": 120},
        {"variant_id": "b", "impressions": 800, "successes": 64},
        {"variant_id": "old", "impressions": 10, "successes": 9},
    )
    client.delete("/variants/old")
    report(client, "a", success=True)
    for _ in range(3):
        select(client, 1, exclude=["b"])
    wait_until(
        lambda: service.sql("SELECT FROM armful.selection_day GROUP BY variant HAVING sum(selections) = 3")
    )
    body = client.get("/standings").json()
    by_id = {standing["variant_id"]: standing for standing in body["standings"]}
    assert set(by_id) == {"a", "b"}
    assert by_id["a"]["chance_to_be_best"] == pytest.approx(0.9974, abs=5e-4)
    assert sum(standing["chance_to_be_best"] for standing in by_id.values()) == pytest.approx(1)
    assert (by_id["a"]["recent_share"], by_id["b"]["recent_share"]) == (1.0, 0.0)
    stats = client.get("/variants/a/stats").json()["confidence_intervals"]
    assert by_id["a"]["lower_bound"] == stats["lower_bound"]
    assert len(body["days"]) == 14
    assert (sum(by_id["a"]["impressions"][-2:]), sum(by_id["a"]["successes"][-2:])) == (1, 1)
    assert by_id["b"]["impressions"] == []


def test_some_standings_can_be_asked_for_by_name(client: Client) -> None:
    create(client, "a", "b", "c")
    named = client.get("/standings", params={"variant_id": ["a", "c", "nobody"]}).json()["standings"]
    assert [(standing["variant_id"], standing["chance_to_be_best"]) for standing in named] == [
        ("a", pytest.approx(1 / 3)),
        ("c", pytest.approx(1 / 3)),
    ]


def _table(client: Client, **asked: str | int) -> dict[str, Any]:
    answer = client.get("/standings/table", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _ids(client: Client, **asked: str | int) -> list[str]:
    return [row["variant_id"] for row in _table(client, **asked)["rows"]]


def test_the_table_is_searched_sorted_and_paged(client: Client) -> None:
    shown = {"v1": (1000, 40), "v2": (1000, 120), "v10": (5000, 300), "Old": (10, 1)}
    create(
        client,
        *(
            {
                "variant_id": name,
                "dimensions": {"tone": "formal" if name == "v1" else "casual"},
                "content": f"Content OF {name}",
                "impressions": impressions,
                "successes": successes,
            }
            for name, (impressions, successes) in shown.items()
        ),
    )
    client.delete("/variants/Old")
    assert _ids(client) == ["v2", "v10", "v1"]
    assert _ids(client, sort="name", order="ascending") == ["v1", "v2", "v10"]
    assert _ids(client, sort="impressions") == ["v10", "v1", "v2"]
    assert _ids(client, sort="name", status="all", order="ascending") == ["Old", "v1", "v2", "v10"]
    assert _ids(client, status="archived") == ["Old"]
    assert _ids(client, search="of CASUAL") == ["v2", "v10"]
    assert _ids(client, **{"dimension.tone": "formal"}) == ["v1"]
    page = _table(client, sort="name", order="ascending", offset=1, limit=1)
    assert ([row["variant_id"] for row in page["rows"]], page["matching_count"]) == (["v2"], 3)
    assert page["dimensions"] == {"tone": {"casual": 2, "formal": 1}}
    summary = page["summary"]
    assert (summary["active"], summary["impressions"], summary["untried"], summary["contenders"]) == (
        3,
        7000,
        0,
        1,
    )
    assert summary["leader"]["variant_id"] == "v2"
    assert summary["leader"]["standing"]["upper_bound"] == summary["highest_bound"]
    problem(client.get("/standings/table", params={"sort": "colour"}), 422)
    problem(client.get("/standings/table", params={"limit": 0}), 422)
    problem(client.get("/standings/table", params={"dimension.a": ["b", "c"]}), 422)


def test_the_table_has_a_new_variant_at_once_and_untried_ones_do_not_lead(client: Client) -> None:
    create(client, {"variant_id": "known", "impressions": 1000, "successes": 100})
    assert _ids(client) == ["known"]
    create(client, "new")
    body = _table(client)
    assert {row["variant_id"] for row in body["rows"]} == {"known", "new"}
    assert (body["summary"]["untried"], body["summary"]["leader"]["variant_id"]) == (1, "known")
    client.patch("/variants/new", json={"dimensions": {"tone": "casual"}})
    assert _table(client)["dimensions"] == {"tone": {"casual": 1}}
    client.delete("/variants/new")
    assert _ids(client) == ["known"]


def test_old_counts_of_selections_are_forgotten(service: Running) -> None:
    create(service.client, "v")
    service.sql(
        "INSERT INTO armful.selection_day"
        " SELECT id, current_date - n, 1 FROM armful.variant_performance, unnest(ARRAY[0, 88, 92]) n"
    )
    run(delete_old_selection_counts, service.settings.database_url or "")
    assert len(service.sql("SELECT FROM armful.selection_day")) == 2


def test_no_variants_no_standings(client: Client) -> None:
    assert client.get("/standings").json()["standings"] == []
    body = client.get("/standings/table").json()
    assert (body["rows"], body["summary"]["leader"]) == ([], None)


def test_a_history_has_days_personas_and_changes(client: Client) -> None:
    create(client, {"variant_id": "v", "dimensions": {"tone": "casual"}})
    report(client, "v", success=True, batch_size=3, persona_id="reader")
    report(client, "v", batch_size=7, persona_id="reader")
    report(client, "v", batch_size=5)
    report(client, "v", occurred_at="2020-01-01T00:00:00Z")
    client.patch("/variants/v", json={"content": "<b>new</b>"})
    client.patch("/variants/v", json={"content": "<b>new</b>"})
    client.delete("/variants/v")
    past = client.get("/variants/v/history").json()
    assert [sum(day[name] for day in past["days"]) for name in ("impressions", "successes")] == [15, 3]
    assert [(one["persona_id"], one["impressions"]) for one in past["personas"]] == [
        ("reader", 10),
        (None, 5),
    ]
    assert past["personas"][0]["success_rate"] == 0.3
    assert past["personas"][0]["lower_bound"] < 0.3 < past["personas"][0]["upper_bound"]
    assert [change["changed"] for change in past["changes"]] == [
        {"status": ["active", "archived"]},
        {"content": [None, "<b>new</b>"]},
    ]
    assert {change["actor"] for change in past["changes"]} | {past["created_by"]} == {"settings"}
    problem(client.get("/variants/nobody/history"), 404)
    problem(client.get("/variants/v/history", params={"days": 0}), 422)


def test_counting_leaves_no_trace_among_the_changes(client: Client) -> None:
    create(client, "v")
    report(client, "v")
    assert client.get("/variants/v/history").json()["changes"] == []


def _ticks(client: Client, *variant_ids: str) -> Iterator[dict[str, Any]]:
    with client.stream("GET", "/live", params={"variant_id": list(variant_ids)}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_whoever_watches_sees_results_as_they_come_in(service: Running) -> None:
    client = service.client
    create(client, "a", "b", "unwatched")
    ticks = _ticks(service.client, "a", "b", "nobody")
    assert [variant["variant_id"] for variant in next(ticks)["variants"]] == ["a", "b"]
    report(client, "b", success=True)
    report(client, "unwatched")
    select(client, 1)
    changed = next(tick for tick in ticks if tick["variants"])["variants"]
    assert changed == [{"variant_id": "b", "alpha": 2.0, "beta": 1.0, "impressions": 1, "successes": 1}]
    busy = next(tick for tick in ticks if tick["updates_per_second"] > 0)
    assert busy["selections_per_second"] > 0
    ticks.close()


def test_a_stream_ends_with_its_key(service: Running) -> None:
    key = service.client.post("/keys", json={"name": "s", "scopes": ["read"]}).json()
    ticks = _ticks(service.as_key(key["key"]))
    next(ticks)
    service.client.delete(f"/keys/{key['key_id']}")
    for _ in ticks:
        pass


def test_streams_are_not_without_number(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS", 1)
    ticks = _ticks(service.client)
    next(ticks)
    problem(service.as_key(ADMIN_KEY).get("/live"), 503)
    ticks.close()
    service.client.close()

    def opens() -> bool:
        with service.as_key(ADMIN_KEY).stream("GET", "/live") as response:
            return response.status_code == 200

    wait_until(opens)


def test_watching_needs_a_key_that_may_read(service: Running) -> None:
    problem(service.as_key("nonsense").get("/live"), 401)
    made = service.client.post("/keys", json={"name": "s", "scopes": ["select"]}).json()["key"]
    problem(service.as_key(made).get("/live"), 403)
    problem(service.client.get("/live", params={"variant_id": ["v"] * 51}), 422)

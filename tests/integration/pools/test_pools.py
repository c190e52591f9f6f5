"""Pools: who competes with whom, what is in force, and that every process knows."""

from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report, select, selected
from tests.processes import wait_until


def in_pool(pool: str, *variants: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"variant_id": variant, "pool": pool, **fields} for variant in variants]


def pool(client: Client, name: str) -> dict[str, Any]:
    answer = client.get(f"/pools/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def change(client: Client, name: str, **settings: Any) -> dict[str, Any]:
    answer = client.patch(f"/pools/{name}", json=settings)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


AUTO = {
    "learning": "auto",
    "prior": "auto",
    "sharpness": "auto",
    "random_control": "auto",
    "exploration_floor": "auto",
    "delay_window": "auto",
    "discount_half_life": "off",
    "scope": "auto",
}


def test_a_variant_makes_its_pool(client: Client) -> None:
    create(client, *in_pool("subject", "a", impressions=100, successes=4), "b")
    created = pool(client, "subject")
    assert (created["settings"], created["active_variants"]) == (AUTO, 1)
    assert (created["impressions"], created["successes"], created["success_rate"]) == (100, 4, 0.04)
    assert created["in_force"] == {
        "prior": None,
        "prior_learnt": False,
        "prior_by_features": False,
        "sharpness": 1.0,
        "random_control": 0.02,
        "exploration_floor": 0.0,
        "delay_window": "P1D",
        "discount_half_life": None,
        "scope": "global",
    }
    assert client.get("/pools").json() == {"pools": [created]}
    (entry,) = client.get("/audit?kind=pool").json()["entries"]
    assert (entry["action"], entry["subject"]) == ("create", "subject")
    assert [one["variant_id"] for one in client.get("/variants?pool=subject").json()["variants"]] == ["a"]
    assert client.get("/variants").json()["total_count"] == 2


def test_variants_compete_within_their_pool_alone(client: Client) -> None:
    create(client, *in_pool("subject", "s1", "s2"), *in_pool("layout", "l1"), "none")
    change(client, "subject", random_control=0)
    change(client, "layout", random_control=0)
    assert set(selected(client, 50, pool="subject")) == {"s1", "s2"}
    assert selected(client, 50, pool="layout") == ["l1"]
    assert selected(client, 50) == ["none"]
    assert selected(client, 50, pool=None) == ["none"]
    answer = client.post(
        "/variants/select",
        json={"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p", "pool": "subjct"},
    )
    assert problem(answer, 404)["detail"] == "Pool not found: subjct"


def test_a_variant_moves_between_pools(client: Client) -> None:
    create(client, *in_pool("from", "a", "b"))
    assert client.patch("/variants/a", json={"pool": "to"}).json()["pool"] == "to"
    change(client, "from", random_control=0)
    change(client, "to", random_control=0)
    assert selected(client, 50, pool="from") == ["b"]
    assert selected(client, 50, pool="to") == ["a"]
    report(client, "a", success=True)
    assert pool(client, "to")["successes"] == 1
    assert client.patch("/variants/a", json={"pool": None}).json()["pool"] is None
    assert selected(client, 50, pool="to") == []
    assert selected(client, 50) == ["a"]
    client.delete("/variants/b")
    assert selected(client, 50, pool="from") == []
    assert client.patch("/variants/b", json={"status": "active"}).status_code == 200
    assert selected(client, 50, pool="from") == ["b"]


def test_settings_change_one_by_one_and_go_back_to_auto(client: Client) -> None:
    first = change(client, "new", sharpness=3, prior={"alpha": 1, "beta": 9})
    assert first["settings"] == {**AUTO, "sharpness": 3.0, "prior": {"alpha": 1.0, "beta": 9.0}}
    assert first["in_force"]["sharpness"] == 3.0
    assert first["in_force"]["prior"] == {"alpha": 1.0, "beta": 9.0, "mean": 0.1, "strength": 10.0}
    second = change(client, "new", sharpness="auto", prior=None, random_control=0.1)
    assert second["settings"] == {**first["settings"], "sharpness": "auto", "random_control": 0.1}
    plain = change(client, "new", learning="plain", prior="auto", random_control="auto")
    assert plain["in_force"] == {
        "prior": None,
        "prior_learnt": False,
        "prior_by_features": False,
        "sharpness": 1.0,
        "random_control": 0.0,
        "exploration_floor": 0.0,
        "delay_window": None,
        "discount_half_life": None,
        "scope": "global",
    }
    changes = [
        entry for entry in client.get("/audit?kind=pool").json()["entries"] if entry["action"] == "change"
    ]
    assert changes[1]["details"]["changed"] == {"sharpness": [3.0, "auto"], "random_control": ["auto", 0.1]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sharpness": 0}, "sharpness"),
        ({"sharpness": 101}, "sharpness"),
        ({"sharpness": "high"}, "sharpness"),
        ({"random_control": 0.6}, "random_control"),
        ({"exploration_floor": -0.1}, "exploration_floor"),
        ({"prior": "learned"}, "prior"),
        ({"prior": {"alpha": 0, "beta": 1}}, "prior.alpha"),
        ({"prior": {"alpha": 1}}, "prior.beta"),
        ({"learning": "manual"}, "learning"),
        ({"random_controll": 0.1}, "random_controll"),
    ],
)
def test_a_setting_out_of_range_is_named(shared: Running, body: dict[str, Any], field: str) -> None:
    answer = problem(shared.client.patch("/pools/refused", json=body), 422)
    assert field in [error["field"] for error in answer["errors"]]
    assert shared.client.get("/pools/refused").status_code == 404


def test_a_name_that_no_pool_may_have_is_refused(shared: Running) -> None:
    for name in ("%0A", "x" * 256):
        assert problem(shared.client.patch(f"/pools/{name}", json={}), 422)["errors"][0]["field"] == "name"
    answer = shared.client.post("/variants", json={"variant_id": "v", "pool": ""})
    assert problem(answer, 422)["errors"][0]["field"] == "pool"
    assert problem(shared.client.get("/pools/unknown/report"), 404)["detail"] == "Pool not found: unknown"


def test_an_auto_pool_learns_its_prior(service: Running) -> None:
    client = service.client
    create(
        client,
        *in_pool("subject", *(f"v{n}" for n in range(30)), impressions=1000, successes=50),
        *in_pool("subject", "new"),
    )
    wait_until(lambda: pool(client, "subject")["in_force"]["prior_learnt"])
    learnt = pool(client, "subject")["in_force"]
    assert learnt["prior"]["mean"] == pytest.approx(0.05, rel=0.01)
    assert learnt["prior"]["strength"] > 100
    assert learnt["sharpness"] == 2.0
    # Under Beta(1, 1) a variant without outcomes would be chosen nearly always; under the learnt prior it is one of 31.
    change(client, "subject", random_control=0)
    chosen = [selected(client, 1, pool="subject", seed=seed)[0] for seed in range(100)]
    assert chosen.count("new") < 30
    metadata = select(client, 1, pool="subject")["selection_metadata"]
    assert (metadata["sharpness"], metadata["prior"]) == (2.0, learnt["prior"])
    assert select(client, 1, pool="subject", sharpness=1)["selection_metadata"]["sharpness"] == 1
    plain = change(client, "subject", learning="plain")["in_force"]
    assert (plain["prior"], plain["sharpness"]) == (None, 1.0)
    chosen = [selected(client, 1, pool="subject", seed=seed)[0] for seed in range(100)]
    assert chosen.count("new") > 80


def test_a_variants_own_prior_stands(service: Running) -> None:
    client = service.client
    create(client, *in_pool("p", "own", prior_alpha=1000, prior_beta=1000), *in_pool("p", "default"))
    change(client, "p", prior={"alpha": 1, "beta": 1e6}, random_control=0)
    scores = {one["variant_id"]: one["score"] for one in select(client, 2, pool="p")["selected_variants"]}
    assert scores["own"] == pytest.approx(0.5, abs=0.1)
    assert scores["default"] < 0.001


def test_the_floor_fills_places_at_random(service: Running) -> None:
    client = service.client
    bad = in_pool("p", *(f"bad{n}" for n in range(9)), impressions=10_000, successes=10)
    create(client, *in_pool("p", "good", impressions=1000, successes=900), *bad)
    change(client, "p", exploration_floor=0.5, random_control=0, learning="plain")
    chosen = [selected(client, 1, pool="p", seed=seed)[0] for seed in range(200)]
    # Half of the places are at random, and one in ten of these is the good one.
    assert 80 <= chosen.count("good") <= 140
    answer = select(client, 10, pool="p")["selected_variants"]
    assert len({one["variant_id"] for one in answer}) == 10
    assert [one["score"] for one in answer] == sorted((one["score"] for one in answer), reverse=True)
    assert selected(client, 3, pool="p", seed=5) == selected(client, 3, pool="p", seed=5)


def test_another_process_learns_of_pools_and_their_settings(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        create(one.client, *in_pool("subject", "a", impressions=100, successes=50), *in_pool("subject", "b"))
        wait_until(lambda: other.client.get("/pools/subject").status_code == 200)
        change(one.client, "subject", random_control=0, prior={"alpha": 2, "beta": 8}, sharpness=5)
        wait_until(lambda: pool(other.client, "subject")["in_force"]["sharpness"] == 5)
        assert pool(other.client, "subject") == pool(one.client, "subject")
        assert set(selected(other.client, 2, pool="subject")) == {"a", "b"}
        one.client.patch("/variants/b", json={"pool": "elsewhere"})
        wait_until(lambda: selected(other.client, 2, pool="subject") == ["a"])
    with serving(database) as again:
        assert pool(again.client, "subject")["in_force"]["sharpness"] == 5
        assert selected(again.client, 2, pool="subject") == ["a"]


def test_a_held_out_participant_gets_the_baseline_of_the_pool(service: Running) -> None:
    client = service.client
    create(client, *in_pool("p", "a", "b"), "c")
    client.put("/holdout", json={"share": 0.5, "baseline": ["c", "b"]})
    answers = [select(client, 1, pool="p", participant_id=f"person {n}") for n in range(40)]
    held_out = [answer for answer in answers if answer.get("reason") == "holdout"]
    assert 5 < len(held_out) < 35
    assert {answer["selected_variants"][0]["variant_id"] for answer in held_out} == {"b"}


def test_there_are_at_most_1000_pools(service: Running) -> None:
    client = service.client
    many = [variant for number in range(1000) for variant in in_pool(f"pool {number}", f"v{number}")]
    create(client, *many)
    answer = client.post("/variants", json={"variant_id": "more", "pool": "one more"})
    assert (
        problem(answer, 400)["detail"] == "pool 'one more' is one too many: there can be at most 1000 pools"
    )
    assert client.get("/variants/more").status_code == 404
    assert problem(client.patch("/pools/other", json={}), 400)["detail"].startswith(
        "pool 'other' is one too many"
    )
    assert len(client.get("/pools").json()["pools"]) == 1000


def test_standings_compare_within_a_pool_or_a_filter(service: Running) -> None:
    client = service.client
    create(
        client,
        *in_pool("a", "a1", impressions=1000, successes=100, dimensions={"tone": "warm"}),
        *in_pool("a", "a2", impressions=1000, successes=20, dimensions={"tone": "cold"}),
        *in_pool("a", "a3", impressions=1000, successes=10, dimensions={"tone": "cold"}),
        *in_pool("b", "b1", impressions=1000, successes=900),
        {"variant_id": "none", "impressions": 1000, "successes": 10},
    )
    client.patch("/pools/a", json={"learning": "plain"})

    def table(**query: str) -> tuple[dict[str, float], Any]:
        answer = client.get("/standings/table", params={"status": "active", **query}).json()
        rows = {row["variant_id"]: row["standing"]["chance_to_be_best"] for row in answer["rows"]}
        return rows, answer["summary"]["leader"] and answer["summary"]["leader"]["variant_id"]

    chances, leader = table()
    assert leader is None
    assert (chances["a1"] > 0.99, chances["b1"], chances["none"]) == (True, 1.0, 1.0)
    chances, leader = table(pool="a")
    assert (set(chances), leader) == ({"a1", "a2", "a3"}, "a1")
    chances, leader = table(pool="")
    assert (chances, leader) == ({"none": 1.0}, "none")
    chances, leader = table(pool="a", **{"dimension.tone": "cold"})
    assert (set(chances), leader) == ({"a2", "a3"}, "a2")
    assert chances["a2"] + chances["a3"] == pytest.approx(1.0)
    assert chances["a2"] > 0.9
    all_of_them = {
        one["variant_id"]: one["chance_to_be_best"] for one in client.get("/standings").json()["standings"]
    }
    assert (all_of_them["b1"], all_of_them["a2"] < 0.01) == (1.0, True)


def test_figures_are_under_the_prior_in_force(service: Running) -> None:
    client = service.client
    create(
        client,
        *in_pool("p", "a", impressions=100, successes=4, cost=0.02),
        *in_pool("p", "own", prior_alpha=3),
    )
    change(client, "p", prior={"alpha": 2, "beta": 38}, sharpness=9)
    stats = client.get("/variants/a/stats").json()
    assert (stats["thompson_sampling_stats"]["alpha"], stats["thompson_sampling_stats"]["beta"]) == (
        6.0,
        134.0,
    )
    assert (stats["cost"], stats["cost_per_success"]) == (0.02, pytest.approx(0.5))
    assert client.get("/variants/own/stats").json()["thompson_sampling_stats"]["alpha"] == 3.0
    assert client.get("/variants/own/stats").json()["cost_per_success"] is None


@pytest.mark.parametrize("path", ["/variants/select", "/variants/select/"], ids=["fast", "behind"])
def test_a_pool_that_another_process_has_just_made_is_read(database: str, path: str) -> None:
    with serving(database) as one, serving(database, poll_interval=30.0) as other:
        body = {"top_k": 5, "algorithm": "thompson_sampling", "persona_id": "p", "pool": "p"}
        assert problem(other.client.post(path, json=body), 404)["detail"] == "Pool not found: p"
        create(one.client, *in_pool("p", "a", "b"))
        answer = other.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert {each["variant_id"] for each in answer.json()["selected_variants"]} == {"a", "b"}

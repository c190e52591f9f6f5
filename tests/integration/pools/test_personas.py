"""Personas of pools: what is counted, that every process draws by it, and when an auto pool begins to."""

from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report, select, selected
from tests.integration.pools.test_pools import change, in_pool, pool
from tests.processes import wait_until

CELLS = """
SELECT v.variant_id, c.persona_id, c.impressions, c.successes
FROM armful.variant_persona c JOIN armful.variant_performance v ON v.id = c.variant ORDER BY 1, 2
"""


def outcomes(client: Client, variant: str, persona: str | None, impressions: int, successes: int) -> None:
    """Report several outcomes of a variant for a persona."""
    named = {} if persona is None else {"persona_id": persona}
    if successes:
        report(client, variant, success=True, batch_size=successes, **named)
    if impressions > successes:
        report(client, variant, batch_size=impressions - successes, **named)


def tastes(client: Client, *, differ: bool) -> None:
    """Report outcomes of three variants for three personas, who like different ones or the same one."""
    for number, persona in enumerate(("dev", "ops", "boss")):
        for place, variant in enumerate("abc"):
            liked = place == (number if differ else 0)
            outcomes(client, variant, persona, 200, 60 if liked else 10)


def favourites(client: Client, persona: str, **parameters: Any) -> set[str]:
    """The variants chosen for a persona."""
    return {
        selected(client, 1, pool="p", persona_id=persona, seed=seed, **parameters)[0] for seed in range(25)
    }


def start(client: Client, **settings: Any) -> None:
    """Create a pool of three variants without a random control."""
    create(client, *in_pool("p", "a", "b", "c"))
    change(client, "p", random_control=0, **settings)


def test_a_selection_for_a_persona_draws_from_its_outcomes(service: Running) -> None:
    client = service.client
    start(client, learning="plain", scope="persona")
    tastes(client, differ=True)
    for persona, liked in {"dev": "a", "ops": "b", "boss": "c"}.items():
        wait_until(lambda persona=persona, liked=liked: favourites(client, persona) == {liked})
    # Somebody else likes what all like alike.
    assert favourites(client, "stranger") == {"a", "b", "c"}
    assert favourites(client, "dev", scope="global") == {"a", "b", "c"}
    answer = select(client, 1, pool="p", persona_id="dev")
    assert answer["selection_metadata"]["scope"] == "persona"
    assert select(client, 1, pool="p", scope="global")["selection_metadata"]["scope"] == "global"
    assert select(client, 1, pool="p", scope=None)["selection_metadata"]["scope"] == "persona"
    filtered = selected(
        client, 1, pool="p", persona_id="dev", exclude=["a"], algorithm="thompson_sampling_exploration"
    )
    assert filtered[0] in {"b", "c"}
    found = pool(client, "p")
    assert (found["settings"]["scope"], found["in_force"]["scope"]) == ("persona", "persona")
    assert found["personas"]["reason"] == "`scope` is set to `persona`."
    assert found["personas"]["personas"] == 3
    assert found["personas"]["strength"] < 100
    assert found["personas"]["gain"] > 3
    assert set(found["personas"]["odds"]) == {"dev", "ops", "boss"}


def test_the_scope_of_a_pool_is_global_until_somebody_says_otherwise(service: Running) -> None:
    client = service.client
    start(client, learning="plain")
    tastes(client, differ=True)
    wait_until(lambda: favourites(client, "ops", scope="persona") == {"b"})
    assert favourites(client, "ops") == {"a", "b", "c"}
    assert select(client, 1, pool="p")["selection_metadata"]["scope"] == "global"
    reason = pool(client, "p")["personas"]["reason"]
    assert reason == "`learning` is `plain`, so outcomes of all personas count alike."


def test_the_unnamed_pool_has_no_personas(client: Client) -> None:
    create(client, "a")
    outcomes(client, "a", "dev", 3, 1)
    body = {"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "dev", "scope": "persona"}
    detail = problem(client.post("/variants/select", json=body), 400)["detail"]
    assert detail.startswith("scope 'persona' needs a pool")
    assert select(client, 1, scope="global")["selection_metadata"]["scope"] == "global"
    assert select(client, 1)["selection_metadata"]["scope"] == "global"


def test_an_auto_pool_draws_for_personas_once_they_differ(service: Running) -> None:
    client = service.client
    start(client)
    assert pool(client, "p")["personas"] == {
        "personas": 0,
        "strength": None,
        "gain": None,
        "odds": {},
        "since": None,
        "reason": "No outcome names a persona yet.",
    }
    tastes(client, differ=False)
    wait_until(lambda: pool(client, "p")["personas"]["personas"] == 3)
    wait_until(lambda: pool(client, "p")["personas"]["gain"] is not None)
    alike = pool(client, "p")
    assert alike["in_force"]["scope"] == "global"
    assert alike["personas"]["since"] is None
    assert alike["personas"]["reason"].startswith("Personas are not seen to differ: their gain is -")
    for _ in range(4):
        tastes(client, differ=True)
    wait_until(lambda: pool(client, "p")["in_force"]["scope"] == "persona")
    found = pool(client, "p")
    assert found["personas"]["since"] is not None
    assert found["personas"]["reason"].startswith("Personas differ: when selections began to draw for them")
    assert select(client, 1, pool="p")["selection_metadata"]["scope"] == "persona"
    wait_until(lambda: favourites(client, "boss") == {"c"})
    assert change(client, "p", scope="global")["in_force"]["scope"] == "global"
    assert pool(client, "p")["personas"]["since"] is None
    assert change(client, "p", scope="auto")["personas"]["since"] == found["personas"]["since"]


def test_every_process_draws_for_the_same_personas_also_after_a_restart(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        start(one.client)
        tastes(one.client, differ=True)
        wait_until(lambda: other.client.get("/pools/p").status_code == 200)
        for running in (one, other):
            wait_until(lambda running=running: pool(running.client, "p")["in_force"]["scope"] == "persona")
            wait_until(lambda running=running: favourites(running.client, "boss") == {"c"})
        since = pool(one.client, "p")["personas"]["since"]
        assert pool(other.client, "p")["personas"]["since"] == since
        # Outcomes that the other process commits arrive here too.
        outcomes(other.client, "a", "boss", 2000, 1900)
        wait_until(lambda: favourites(one.client, "boss") == {"a"})
    with serving(database) as again:
        assert favourites(again.client, "ops") == {"b"}
        assert favourites(again.client, "boss") == {"a"}
        assert pool(again.client, "p")["personas"]["since"] == since


def test_the_rollup_is_what_the_hours_say(service: Running) -> None:
    client = service.client
    create(client, *in_pool("p", "a", "b"), "outside")
    outcomes(client, "a", "dev", 5, 2)
    outcomes(client, "a", "ops", 3, 0)
    outcomes(client, "a", None, 4, 1)
    outcomes(client, "b", "dev", 1, 1)
    outcomes(client, "outside", "dev", 7, 3)
    # One commit of several, of a selection whose success comes first and names another persona than its impression.
    selection = select(client, 1, pool="p")["selection_id"]
    late = {"selection_id": selection, "variant_id": "b"}
    updates = [
        {**late, "impression": False, "success": True, "persona_id": "ops"},
        {**late, "impression": True, "success": False, "persona_id": "dev"},
        {"variant_id": "a", "impression": True, "success": False, "metadata": {"persona_id": "new"}},
    ]
    assert client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 3
    expected = [
        ("a", "", 9, 2),
        ("a", "dev", 5, 2),
        ("a", "new", 1, 0),
        ("a", "ops", 3, 0),
        ("b", "", 2, 2),
        ("b", "dev", 2, 2),
    ]
    found = [tuple(row) for row in service.sql(CELLS)]
    assert [row for row in found if row[2] or row[3]] == expected
    by_hour = service.sql(
        """SELECT v.variant_id, h.persona_id, sum(h.impressions)::bigint, sum(h.successes)::bigint
        FROM armful.variant_hour h JOIN armful.variant_performance v ON v.id = h.variant
        WHERE h.persona_id <> '' AND v.pool IS NOT NULL GROUP BY 1, 2 HAVING sum(h.impressions) > 0 ORDER BY 1, 2"""
    )
    assert [tuple(row) for row in by_hour] == [row for row in expected if row[1]]


def test_a_variant_that_enters_a_pool_brings_its_personas(service: Running) -> None:
    client = service.client
    start(client, scope="persona", learning="plain")
    create(client, "d")
    outcomes(client, "d", "dev", 300, 150)
    outcomes(client, "d", None, 300, 0)
    assert service.sql(CELLS) == []
    assert client.patch("/variants/d", json={"pool": "p"}).status_code == 200
    assert [tuple(row) for row in service.sql(CELLS)] == [("d", "", 300, 150), ("d", "dev", 300, 150)]
    for variant in "abc":
        outcomes(client, variant, "dev", 300, 60)
    wait_until(lambda: favourites(client, "dev") == {"d"})
    # Out of the pool it is counted by hour only, and brings that when it comes back.
    client.patch("/variants/d", json={"pool": None})
    outcomes(client, "d", "dev", 100, 0)
    wait_until(lambda: "d" not in favourites(client, "dev"))
    client.patch("/variants/d", json={"pool": "p"})
    assert ("d", "dev", 400, 150) in [tuple(row) for row in service.sql(CELLS)]


def test_a_variant_has_at_most_1000_personas(service: Running) -> None:
    client = service.client
    create(client, *in_pool("p", "a"))
    for start_at in (0, 600):
        updates = [
            {"variant_id": "a", "impression": True, "success": False, "persona_id": f"persona {number}"}
            for number in range(start_at, start_at + 600)
        ]
        assert client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 600
    ((rows, everybody, most),) = service.sql(
        "SELECT count(*), sum(impressions) FILTER (WHERE persona_id = ''), max(impressions) FILTER (WHERE persona_id <> '') "
        "FROM armful.variant_persona"
    )
    assert (rows, everybody, most) == (1001, 1000, 1)
    # Known ones still count.
    outcomes(client, "a", "persona 3", 4, 0)
    rows = service.sql("SELECT impressions FROM armful.variant_persona WHERE persona_id = 'persona 3'")
    assert [tuple(row) for row in rows] == [(5,)]
    wait_until(lambda: pool(client, "p")["personas"]["personas"] == 1000)


@pytest.mark.parametrize("scope", ["everybody", 3])
def test_an_unknown_scope_is_named(shared: Running, scope: Any) -> None:
    answer = problem(shared.client.patch("/pools/refused", json={"scope": scope}), 422)
    assert [error["field"] for error in answer["errors"]] == ["scope"]

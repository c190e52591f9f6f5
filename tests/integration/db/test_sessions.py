"""What a role or a database has set changes nothing, and neither does PgBouncer, whether it keeps sessions or not."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.conftest import Running, new_database, run, serving
from tests.pgbouncer import pgbouncer

from armful.db.pool import connect, open_pool
from armful.db.sessions import NeedsSession, Pooling
from armful.ops.postgres import EmbeddedPostgres

# As somebody may have set them for a role or a database, with what they must be.
HOSTILE = {
    "search_path": ("public, pg_catalog", "public"),
    "timezone": ("Pacific/Chatham", "UTC"),
    "datestyle": ("SQL, DMY", "ISO, MDY"),
    "intervalstyle": ("sql_standard", "postgres"),
    "bytea_output": ("escape", "hex"),
    "extra_float_digits": ("-15", "1"),
    "standard_conforming_strings": ("off", "on"),
    "client_encoding": ("LATIN1", "UTF8"),
    "default_transaction_isolation": ("serializable", "read committed"),
    "default_transaction_deferrable": ("on", "off"),
    "synchronous_commit": ("off", "on"),
    "statement_timeout": ("50", "0"),
    "lock_timeout": ("1", "0"),
    "idle_session_timeout": ("5000", "0"),
    "idle_in_transaction_session_timeout": ("5", "1s"),
    "transaction_timeout": ("50", "0"),
}

WAYS = {"none": Pooling.NONE, "session": Pooling.SESSION, "transaction": Pooling.TRANSACTION}


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> Pooling:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, way: Pooling) -> Iterator[str]:
    """The address of a database with hostile settings."""
    direct = new_database(postgres)
    name = urlsplit(direct).path[1:]

    async def set_all(connection: Any) -> None:
        known = {row[0].lower() for row in await connection.fetch("SELECT name FROM pg_settings")}
        for setting, (hostile, _) in HOSTILE.items():
            if setting in known:
                value = hostile if setting == "search_path" else f"'{hostile}'"
                await connection.execute(f"ALTER DATABASE {name} SET {setting} = {value}")

    run(set_all, direct)
    with ExitStack() as stack:
        if way is not Pooling.NONE:
            direct = stack.enter_context(pgbouncer(direct, way.value)).dsn
        yield direct


@pytest.fixture(scope="module")
def hostile(dsn: str) -> Iterator[Running]:
    with serving(dsn) as service:
        yield service


async def shown(connection: Any) -> dict[str, str]:
    names = "SELECT lower(name) FROM pg_settings WHERE lower(name) = ANY ($1::text[])"
    known = [row[0] for row in await connection.fetch(names, list(HOSTILE))]
    return {name: await connection.fetchval("SELECT current_setting($1)", name) for name in known}


def test_settings_are_what_we_rely_on(dsn: str, way: Pooling) -> None:
    async def settings() -> list[dict[str, str]]:
        connection = await connect(dsn, impatient=True)
        assert connection.pooling is way
        pool = await open_pool(dsn, 1)
        found = [await shown(connection)]
        for _ in range(2):  # used for the first time, and again
            async with pool.acquire(5) as pooled:
                found.append(await shown(pooled))
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found.append(await shown(connection))
            isolation = await connection.fetchval("SHOW transaction_isolation")
        assert isolation == "repeatable read"
        await pool.close()
        await connection.close()
        return found

    for found in asyncio.run(settings()):
        assert len(found) > 12
        assert found == {name: HOSTILE[name][1] for name in found}


def test_everything_works(hostile: Running) -> None:
    client = hostile.client

    def post(path: str, **body: Any) -> Any:
        answer = client.post(path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
        return answer.json()

    post("/variants", variants=[{"variant_id": f"v{n}", "dimensions": {"n": str(n)}} for n in range(20)])
    start = {
        "experiment_name": "E", "variant_ids": ["v0", "v1"], "traffic_allocation": [0.5, 0.5], "target_persona": "p",
        "success_metrics": ["m"], "duration_days": 7,
    }  # fmt: skip
    experiment = post("/experiments/start", **start)["experiment_id"]
    assigned = post(f"/experiments/{experiment}/assign", participant_id="ada")["variant_id"]
    selected = post("/variants/select", top_k=3, algorithm="thompson_sampling", persona_id="p")
    assert len(selected["selected_variants"]) == 3
    recorded = post(f"/variants/{assigned}/performance", impression=True, success=True, participant_id="ada")
    assert recorded["updated_performance"] == {"impressions": 1, "successes": 1, "success_rate": 1.0}
    updates = [{"variant_id": f"v{n % 20}", "impression": True, "success": False} for n in range(3000)]
    assert post("/performance/batch", updates=updates)["accepted"] == 3000
    updates = [one | {"event_id": f"e{n}", "metadata": {"n": n % 3}} for n, one in enumerate(updates[:700])]
    assert post("/performance/batch", updates=updates)["accepted"] == 700
    assert post("/performance/batch", updates=updates)["duplicates"] == 700
    key = post("/keys", name="k", scopes=["read"], expires_in_days=1)
    assert post(f"/keys/{key['key_id']}/rotate")["replaces"] == key["key_id"]
    assert post(f"/experiments/{experiment}/pause")["status"] == "paused"
    for path in ("/variants?n=3", "/variants/v3/stats", f"/experiments/{experiment}/results", "/standings",
                 "/experiments", "/keys", "/audit", "/health/ready", "/variants/v3/history"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
    assert client.patch("/variants/v3", json={"content": "new"}).json()["content"] == "new"
    assert client.post("/variants", json={"variant_id": "v3"}).status_code == 409


def test_an_update_waits_for_a_lock(hostile: Running) -> None:
    """Longer than the hostile lock_timeout, statement_timeout and transaction_timeout."""
    hostile.client.post("/variants", json={"variant_id": "locked"})

    async def lock(connection: Any) -> None:
        async with connection.transaction():
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await connection.execute("SET LOCAL statement_timeout = 0")
            if any(await connection.fetch("SELECT FROM pg_settings WHERE name = 'transaction_timeout'")):
                await connection.execute("SET LOCAL transaction_timeout = 0")
            await connection.execute(
                "SELECT FROM armful.variant_performance WHERE variant_id = 'locked' FOR UPDATE"
            )
            update = asyncio.create_task(
                asyncio.to_thread(
                    hostile.client.post,
                    "/variants/locked/performance",
                    json={"impression": True, "success": False},
                )
            )
            await asyncio.sleep(0.4)  # longer than the lock timeout that the role sets
            assert not update.done()
        assert (await update).status_code == 200

    async def inner() -> None:
        connection = await connect(hostile.settings.database_url or "")
        await lock(connection)
        await connection.close()

    asyncio.run(inner())


def test_a_command_that_needs_a_session_says_so(dsn: str, way: Pooling) -> None:
    async def attempt() -> None:
        await (await connect(dsn, needs_session=True)).close()

    if way is Pooling.TRANSACTION:
        with pytest.raises(NeedsSession, match="transaction mode"):
            asyncio.run(attempt())
    else:
        asyncio.run(attempt())

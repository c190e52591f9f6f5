"""Whatever the database fails with, a caller gets a 503 and may try again; a 500 only for a mistake of ours."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from tests.conftest import Running, new_database, run, serving

from armful.db.failures import Failure, failure_of
from armful.ops.postgres import EmbeddedPostgres

# Has every write of a table fail with the SQLSTATE that stands in another one.
TRIGGER = """
    CREATE TABLE public.failing (state text);
    INSERT INTO public.failing VALUES (NULL);
    CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wanted text := (SELECT state FROM public.failing);
    BEGIN
        IF wanted IS NOT NULL THEN
            RAISE EXCEPTION 'it failed' USING ERRCODE = wanted;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE INSERT ON armful.variant_performance FOR EACH ROW EXECUTE FUNCTION public.fail();
    CREATE TRIGGER fail BEFORE INSERT ON armful.change FOR EACH ROW EXECUTE FUNCTION public.fail();
"""


DEFECTS = ("0A000", "22003", "23502", "42601", "P0001")
"""Some of many: each is logged with its traceback, which takes a second to draw."""


def states() -> dict[str, Failure]:
    """What the SQLSTATEs mean that asyncpg knows and a function can raise."""
    found: dict[str, Failure] = {}
    kinds = [asyncpg.PostgresError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        failure = failure_of(kind("it failed"))
        state = getattr(kind, "sqlstate", None)
        if state is not None and failure is not None:
            found.setdefault(state, failure)
    # asyncpg raises these two by their message: a SQLSTATE alone gives the first.
    found["0A000"] = Failure.DEFECT
    return {
        state: failure
        for state, failure in found.items()
        if failure is not Failure.DEFECT or state in (*DEFECTS, "23505")
    }


STATES = states()


@pytest.fixture(scope="module")
def failing(postgres: EmbeddedPostgres) -> Iterator[Running]:
    with serving(new_database(postgres), commit_timeout=0.7) as service:
        assert service.client.post("/variants", json={"variant_id": "a"}).status_code == 201
        run(lambda connection: connection.execute(TRIGGER), service.settings.database_url or "")
        yield service


async def fail(connection: Any, state: str | None) -> None:
    await connection.execute("UPDATE public.failing SET state = $1", state)


def test_a_change_is_answered_by_what_the_failure_means(failing: Running) -> None:
    async def statuses(connection: Any) -> dict[str, int]:
        found = {}
        for state in STATES:
            await fail(connection, state)
            answer = await asyncio.to_thread(
                failing.client.post, "/variants", json={"variant_id": f"new {state}"}
            )
            assert "it failed" not in answer.text
            found[state] = answer.status_code
        return found

    expected = {state: 500 if meant is Failure.DEFECT else 503 for state, meant in STATES.items()}
    expected["23505"] = 409  # what the caller takes it for
    assert run(statuses, failing.settings.database_url or "") == expected


SAID = {
    "nothing was counted": ("40001", "40P01", "55P03", "25006", "53100", "42501", "42P01", "57014"),
    "may have been counted": ("57P01", "58030", "XX000"),
}


@pytest.mark.parametrize(("said", "state"), [(said, state) for said, all_ in SAID.items() for state in all_])
def test_an_update_is_told_what_is_known_of_it(failing: Running, said: str, state: str) -> None:
    update = {"impression": True, "success": False}

    async def answers(connection: Any) -> list[Any]:
        found = []
        for wanted in (state, None):
            await fail(connection, wanted)
            found.append(await asyncio.to_thread(failing.client.post, "/variants/a/performance", json=update))
        return found

    refused, counted = run(answers, failing.settings.database_url or "")
    assert refused.status_code == 503
    assert said in refused.json()["detail"]
    assert counted.status_code == 200


# Of two attempts the first fails: a sequence is not rolled back.
ONCE = """
    CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('public.attempts') % 2 = 1 THEN
            RAISE EXCEPTION 'it failed' USING ERRCODE = (SELECT state FROM public.failing);
        END IF;
        RETURN NEW;
    END $$;
    CREATE SEQUENCE public.attempts;
"""


def test_an_update_that_fails_once_is_tried_again(failing: Running) -> None:
    async def totals(connection: Any) -> list[int]:
        await connection.execute(ONCE)
        found = []
        for state in ("40001", "40P01", "57P01"):
            await fail(connection, state)
            answer = await asyncio.to_thread(
                failing.client.post, "/variants/a/performance", json={"impression": True, "success": False}
            )
            found.append(answer.json()["updated_performance"]["impressions"])
        return found

    before = failing.client.get("/variants/a").json()["performance"]["impressions"]
    assert run(totals, failing.settings.database_url or "") == [before + n for n in (1, 2, 3)]

"""Replays against the real service: they learn, they repeat, and everything adds up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from click.testing import CliRunner

from armful.cli.replay import replay as command
from armful.settings import Settings
from armful.tools.replay import Headline, HeadlineTest, ReplayedTest, ReplayFailed, Report, replay

KEY = "test-admin-key"
TESTS = [
    HeadlineTest(
        f"test/{number}",
        [
            Headline(f"{number}-dull", "Dull", 200, 4),
            Headline(f"{number}-bright ünd/odd", "Bright", 200, 100),
            Headline(f"{number}-middling", "Middling", 200, 20),
        ],
    )
    for number in range(4)
]


def run(url: str, tests: list[HeadlineTest] = TESTS, **options: Any) -> Report:
    return asyncio.run(replay(tests, url=url, key=KEY, **options))


def outcomes(tests: list[ReplayedTest]) -> dict[str, list[tuple[int, int]]]:
    return {test.test_id: [(one.impressions, one.successes) for one in test.headlines] for test in tests}


def test_a_replay_finds_the_best_headline_and_adds_up(shared: Any) -> None:
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count

    report = run(shared.url, progress=progress)
    total = report.total
    assert total.rounds == done == 2400
    assert total.uniform_clicks == pytest.approx(2400 * (0.02 + 0.5 + 0.1) / 3)
    assert total.best_clicks == pytest.approx(1200)
    assert total.gain_share is not None
    assert total.gain_share > 0.9
    assert total.clicks == sum(one.successes for test in report.tests for one in test.headlines)
    assert [test.figures.rounds for test in report.tests] == [600] * 4

    assert report.counters.equal
    assert (report.counters.impressions, report.counters.successes) == (2400, total.clicks)
    counted = shared.sql(
        "SELECT sum(impressions), sum(successes), count(*)"
        " FROM armful.variant_performance WHERE dimensions ->> 'replay' = $1",
        report.run,
    )
    assert tuple(counted[0]) == (2400, total.clicks, 12)


def test_a_seed_fixes_everything(shared: Any) -> None:
    first = run(shared.url, seed=5, rounds=100)
    again = run(shared.url, seed=5, rounds=100, concurrency=1)
    other = run(shared.url, seed=6, rounds=100)
    assert outcomes(first.tests) == outcomes(again.tests)
    assert outcomes(first.tests) != outcomes(other.tests)
    assert first.run != again.run
    # A test goes its own way, whatever is replayed beside it.
    alone = run(shared.url, TESTS[2:3], seed=5, rounds=100)
    assert outcomes(alone.tests)["test/2"] == outcomes(first.tests)["test/2"]


@asynccontextmanager
async def losing_answers(url: str, every: int) -> AsyncIterator[str]:
    """The address of a proxy that now and then closes a connection instead of passing an answer on."""
    parts = urlsplit(url)
    answers = 0
    lost = 0

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answers, lost
        upstream, forward = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while request := await reader.read(65536):
                forward.write(request)
                answer = await upstream.read(65536)
                answers += 1
                if answers % every == 0:
                    lost += 1
                    return
                writer.write(answer)
        except ConnectionError:
            pass
        finally:
            forward.close()
            writer.close()

    async with await asyncio.start_server(client, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert lost > 3


def test_answers_that_are_lost_count_once(shared: Any) -> None:
    async def through_the_proxy() -> Report:
        async with losing_answers(shared.url, 31) as url:
            return await replay(TESTS, url=url, key=KEY, rounds=50, seed=3)

    report = asyncio.run(through_the_proxy())
    assert report.counters.equal
    assert report.counters.impressions == report.total.rounds == 200
    assert outcomes(report.tests) == outcomes(run(shared.url, rounds=50, seed=3).tests)


def test_a_service_that_refuses_is_a_sentence(shared: Any) -> None:
    with pytest.raises(ReplayFailed, match="401 Unauthorized: "):
        asyncio.run(replay(TESTS, url=shared.url, key="wrong"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tests.csv"
    rows = [
        f"{test.test_id},{one.variant_id},{one.headline},{one.impressions},{one.clicks}\n"
        for test in TESTS
        for one in test.headlines
    ]
    path.write_text("test_id,variant_id,headline,impressions,clicks\n" + "".join(rows))
    return path


def test_the_command_reports_and_writes_json(shared: Any, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    arguments = [str(file), "--url", shared.url, "--rounds", "50", "--seed", "2", "--json", str(out)]
    result = CliRunner().invoke(command, arguments, obj=Settings(api_key=KEY))
    assert result.exit_code == 0, result.output
    report = msgspec.json.decode(out.read_bytes(), type=Report)
    assert report.total.rounds == 200
    assert "test/3" in result.stdout
    assert "200 rounds in" in result.stdout
    assert (
        f"The service's counters equal the updates it acknowledged: 200 impressions and {report.total.clicks} successes"
        in result.stdout
    )


def test_counters_that_differ_fail_the_command(service: Any, file: Path) -> None:
    service.sql(
        "CREATE FUNCTION cheat() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.impressions := NEW.impressions + 1; RETURN NEW; END $$"
    )
    service.sql(
        "CREATE TRIGGER cheat BEFORE UPDATE ON armful.variant_performance FOR EACH ROW "
        "WHEN (OLD.impressions = 0 AND OLD.variant_id LIKE '%2-dull') EXECUTE FUNCTION cheat()"
    )
    arguments = [str(file), "--url", service.url, "--key", KEY, "--rounds", "30"]
    result = CliRunner().invoke(command, arguments, obj=Settings())
    assert result.exit_code == 1
    told, line = result.stderr.splitlines()
    assert told == "The service's counters differ from the updates it acknowledged:"
    assert "2-dull: acknowledged (" in line


def test_a_key_is_asked_for_where_there_is_none(file: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(file)], obj=Settings(data_dir=tmp_path / "none"))
    assert result.exit_code == 2
    assert "No API key" in result.stderr
    assert not (tmp_path / "none").exists()

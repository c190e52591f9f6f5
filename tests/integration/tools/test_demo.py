"""Demonstrations against the real service: they add up, the service learns, and nobody's own variants are touched."""

import asyncio
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from tests.conftest import ADMIN_KEY, Running
from tests.processes import environment, wait_until

from armful.cli.demo import demo as command
from armful.settings import Settings
from armful.tools.demo import DAYS, NobodyThere, OtherVariants, Scene, play
from armful.tools.demo._world import CAMPAIGNS, TRIALS, bustle
from armful.tools.session import ServiceFailed


def run(scene: Scene, url: str, **options: Any) -> None:
    asyncio.run(play(scene, url=url, key=ADMIN_KEY, **options))


def counted(service: Running, campaign: str) -> tuple[int, int]:
    variants = service.client.get("/variants", params={"dimension.campaign": campaign}).json()["variants"]
    return (
        sum(one["performance"]["impressions"] for one in variants),
        sum(one["performance"]["successes"] for one in variants),
    )


def test_what_was_played_is_what_the_service_has(service: Running) -> None:
    scene = Scene(3)
    run(scene, service.url, seconds=1, rate=200)
    assert scene.visits > 0
    for name, stage in scene.stages.items():
        assert counted(service, name) == (stage.visits, stage.successes)
    experiments = service.client.get("/experiments").json()["experiments"]
    assert {one["experiment_name"] for one in experiments} == {trial.name for trial in TRIALS}
    for one in scene.experiments.values():
        results = service.client.get(f"/experiments/{one.experiment_id}/results").json()
        assert results["results_summary"]["total_participants"] == one.participants
        if one.trial.number is not None:
            revenue = results["metrics"][one.trial.number]
            assert revenue["definition"]["type"] == "number"
            assert sum(view["converted"] for view in revenue["participants"].values()) == one.successes

    # Again: with the same variants and experiments, beside what is there already.
    again = Scene(3)
    run(again, service.url, seconds=0.5, rate=200)
    for name, stage in again.stages.items():
        assert counted(service, name)[0] == stage.visits + scene.stages[name].visits
    assert len(service.client.get("/experiments").json()["experiments"]) == len(experiments)

    # A fortnight has passed, day by day, and each persona has come.
    hours = service.sql(
        "SELECT DISTINCT hour FROM armful.variant_hour h JOIN armful.variant_performance v ON v.id = h.variant "
        "WHERE v.dimensions ->> 'campaign' = 'newsletter'"
    )
    assert all(scene.begins - timedelta(hours=1) <= row["hour"] <= datetime.now(UTC) for row in hours)

    # Another world than the one that the service has learnt of would make a liar of somebody.
    with pytest.raises(OtherVariants, match=r"20 other variants"):
        run(Scene(4), service.url)


def test_a_service_learns_what_is_hidden_from_it(service: Running) -> None:
    scene = Scene(1)

    async def until_enough() -> None:
        playing = asyncio.create_task(play(scene, url=service.url, key=ADMIN_KEY, seconds=120, rate=2000))
        while scene.visits < 2500 and not playing.done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    asyncio.run(until_enough())
    # The mean gain of 2,500 visits is 29 %, with a standard deviation of 6 %: five of them are left.
    assert scene.gain > 0
    assert scene.gain_share is not None
    assert 0 < scene.gain_share < 1
    for name, stage in scene.stages.items():
        assert 0 <= counted(service, name)[0] - stage.visits <= 16  # what was under way when it was ended


def test_other_peoples_variants_are_left_alone(service: Running) -> None:
    service.client.post("/variants", json={"variant_id": "mine"})
    arguments = ["--url", service.url, "--key", ADMIN_KEY, "--seconds", "0.3"]
    refused = CliRunner().invoke(command, arguments, obj=Settings())
    assert isinstance(refused.exception, OtherVariants)
    assert "has 1 other variants" in str(refused.exception)
    assert service.client.get("/variants").json()["total_count"] == 1

    forced = CliRunner().invoke(command, [*arguments, "--force"], obj=Settings())
    assert forced.exit_code == 0, forced.output
    assert f"Look around: {service.url}/dashboard" in forced.stdout
    assert "over choosing at random" in forced.stdout
    assert service.client.get("/variants").json()["total_count"] == 21
    assert service.client.get("/variants/mine").json()["performance"]["impressions"] == 0


def test_a_wrong_key_is_a_sentence(shared: Running) -> None:
    with pytest.raises(ServiceFailed, match="401 Unauthorized"):
        asyncio.run(play(Scene(), url=shared.url, key="wrong", seconds=1))


def test_who_has_no_service_is_told_how_to_get_one(tmp_path: Path) -> None:
    alone = Settings(data_dir=tmp_path / "none")
    no_key = CliRunner().invoke(command, [], obj=alone)
    assert no_key.exit_code == 2
    assert "--serve" in no_key.stderr
    nobody = CliRunner().invoke(command, ["--url", "http://127.0.0.1:9", "--key", "k"], obj=alone)
    assert isinstance(nobody.exception, NobodyThere)
    assert "--serve" in str(nobody.exception)


def test_the_world_is_as_its_seed_says() -> None:
    rates = [stage.truth.rates for stage in Scene(7).stages.values()]
    assert rates == [stage.truth.rates for stage in Scene(7).stages.values()]
    assert rates != [stage.truth.rates for stage in Scene(8).stages.values()]
    for stage, campaign in zip(Scene(7).stages.values(), CAMPAIGNS, strict=True):
        noon = datetime(2026, 11, 18, 12, tzinfo=UTC)
        assert stage.truth.best in {offer.variant_id for offer in campaign.offers}
        assert stage.truth.uniform("developers", noon) < stage.truth.most("developers", noon) < 1


def test_days_are_busier_than_nights_and_weekends_are_quiet() -> None:
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    hours = [bustle(monday + timedelta(hours=hour)) for hour in range(24 * 7)]
    assert sum(hours) / len(hours) == pytest.approx(1)
    assert hours[15] > 5 * hours[3]
    assert hours[5 * 24 + 15] < hours[15]
    assert DAYS == 14


def test_a_service_of_its_own_goes_when_it_is_told_to(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "armful", "demo", "--serve", "--seconds", "0.5"],
        env={**environment(tmp_path / "unused"), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "Press Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        url = re.findall(r"Look around: (\S+)/dashboard", said)[0]
        assert httpx2.get(f"{url}/health/ready").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/health/ready")
    wait_until(lambda: not list(tmp_path.iterdir()))

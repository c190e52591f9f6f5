"""`armful watch` on a real service: what it shows is what there is, and it comes back with the service."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.conftest import ADMIN_KEY, Running
from tests.integration.experiments.steps import start
from tests.processes import environment, serving

from armful import core
from armful.cli.watch import watch as command
from armful.client import Client
from armful.settings import Settings
from armful.tools.watch import look


def once(service: Running, *arguments: str) -> Result:
    options = ["--url", service.url, "--key", ADMIN_KEY, "--once", *arguments]
    return CliRunner(env={"COLUMNS": "120"}).invoke(command, options, obj=Settings())


def fill(service: Running) -> None:
    variants = [
        {"variant_id": "good", "impressions": 1000, "successes": 120, "dimensions": {"tone": "warm"}},
        {"variant_id": "poor", "impressions": 800, "successes": 40, "dimensions": {"tone": "warm"}},
        {"variant_id": "best", "impressions": 1000, "successes": 300, "dimensions": {"tone": "bold"}},
    ]
    service.client.post("/variants", json={"variants": variants})


def test_variants_are_shown_by_their_chance_to_be_best(service: Running) -> None:
    fill(service)
    for _ in range(4):
        service.client.post(
            "/variants/select", json={"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p"}
        )
    service.client.post(
        "/variants/good/performance", json={"impression": True, "success": False, "batch_size": 7}
    )
    result = once(service)
    assert result.exit_code == 0, result.output
    assert "4 selections and 1 updates since the service started" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    order = [words[0] for words in lines if words and words[0] in ("good", "poor", "best")]
    assert order == ["best", "good", "poor"]
    (best,) = (words for words in lines if words[:1] == ["best"])
    assert best[1:3] == [">99.9", "%"]
    assert best[4:9] == ["30.00", "%", "27.24", "to", "32.91"]
    assert "1,007" in next(line for line in result.stdout.splitlines() if line.startswith(" good"))


def test_chances_are_among_the_variants_asked_for(service: Running) -> None:
    fill(service)
    result = once(service, "--dimension", "tone=warm", "--top", "1")
    assert "1 of 2 variants" in result.stdout
    chance = core.probability_best([121.0, 41.0], [881.0, 761.0])[0]
    assert chance > 0.9995  # and is not said to be certain
    assert " good      >99.9\N{NO-BREAK SPACE}% " in result.stdout
    assert "best " not in result.stdout.replace("best?", "")


def test_running_experiments_are_shown_with_their_alarms(service: Running) -> None:
    fill(service)
    start(service.client, experiment_name="Split", variant_ids=["good", "poor"])
    assert re.search(r"Split +0 +as planned +\S+ +no +insufficient_data", once(service).stdout)
    updates = [
        {"variant_id": variant, "impression": True, "success": False, "participant_id": f"{variant} {n}"}
        for variant, size in (("good", 900), ("poor", 500))
        for n in range(size)
    ]
    assert service.client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 1400
    assert re.search(r"Split +1,400 +ALARM p = \S+ +\S+ +no +investigate", once(service).stdout)


def test_rates_are_of_the_time_between_two_looks(service: Running) -> None:
    fill(service)
    with Client(service.url, ADMIN_KEY) as client:
        first = look(client, {}, None, 10, None)
        assert first.selections_per_second is None
        for _ in range(3):
            client.select_variants("p", 1)
        client.track_performance("good", True)
        second = look(client, {}, None, 10, first)
    seconds = second.at - first.at
    assert second.selections_per_second == pytest.approx(3 / seconds)
    assert second.updates_per_second == pytest.approx(1 / seconds)


def test_what_cannot_be_watched_is_a_sentence(shared: Running) -> None:
    refused = CliRunner().invoke(command, ["--url", shared.url, "--key", "wrong", "--once"], obj=Settings())
    assert refused.exit_code == 1
    assert "401" in refused.stderr
    nobody = CliRunner().invoke(
        command, ["--url", "http://127.0.0.1:9", "--key", "k", "--once"], obj=Settings()
    )
    assert nobody.exit_code == 1
    assert "http://127.0.0.1:9" in nobody.stderr
    odd = once(shared, "--dimension", "tone")
    assert odd.exit_code == 2


class Screen:
    """A terminal with a program in it."""

    def __init__(self, *words: str, env: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
        self.process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)

    def read_until(self, words: str, seconds: float = 60) -> None:
        """Wait until this is written, from now on."""
        said = ""
        deadline = time.monotonic() + seconds
        while words not in said:
            assert time.monotonic() < deadline, said
            if select.select([self._ours], [], [], 0.2)[0]:
                said += os.read(self._ours, 65_536).decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def test_it_comes_back_with_the_service(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        port = first.url.rpartition(":")[2]
        screen = Screen(
            *(
                sys.executable,
                "-m",
                "armful",
                "watch",
                "--url",
                first.url,
                "--key",
                first.key,
                "--every",
                "0.3",
            ),
            env={**environment(tmp_path), "TERM": "xterm"},
        )
        try:
            screen.read_until("selections/s")
        except BaseException:
            screen.close()
            raise
    try:
        screen.read_until("No response since")
        with serving(tmp_path / "data", "--port", port):
            screen.read_until("selections/s")
        screen.process.send_signal(signal.SIGINT)
        assert screen.process.wait(20) == 0
    finally:
        screen.close()

"""The alerts and the Grafana dashboard: with promtool, and with a real Prometheus that scrapes a real armful under load."""

import itertools
import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import ADMIN_KEY, Running, new_database, serving
from tests.deploy.conftest import DEPLOY, program
from tests.integration.contract import create, report, select
from tests.integration.experiments.steps import start
from tests.processes import wait_until

from armful.ops.postgres import EmbeddedPostgres

RULES = DEPLOY / "prometheus" / "rules.yml"
REFERENCE_ALERTS = {"ABTestingAPIDown", "HighSelectionLatency", "ExperimentLowSampleSize"}
# These panels are empty in normal operation.
MAY_BE_EMPTY = {"Rejected requests"}
SLOW = {"HighSelectionLatency", "ArmfulSlowCommits", "ArmfulStale"}
FULL = {"ArmfulDiskFull", "ArmfulDiskFilling"}


def promtool(*arguments: str | Path) -> str:
    command = [program("promtool", "prometheus"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", RULES.read_text())


def test_configuration_and_rules_are_valid() -> None:
    promtool("check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yml")
    promtool("check", "rules", RULES)


def test_alerts_fire_only_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", DEPLOY / "prometheus" / "rules_test.yml")


def test_every_alert_has_a_test_and_documentation() -> None:
    tested = set(re.findall(r"alertname: (\w+)", (DEPLOY / "prometheus" / "rules_test.yml").read_text()))
    documentation = (DEPLOY.parent / "docs" / "operating.md").read_text()
    assert set(alerts()) >= REFERENCE_ALERTS
    assert tested == set(alerts())
    assert [alert for alert in alerts() if f"**`{alert}`**" not in documentation] == []


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard without its row titles."""
    all_panels = json.loads((DEPLOY / "grafana" / "dashboards" / "armful.json").read_text())["panels"]
    return [panel for panel in all_panels if panel["type"] != "row"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.client = httpx2.Client(base_url=f"{url}/api/v1", timeout=20)

    def get(self, path: str, **query: str) -> Any:
        response = self.client.get(path, params=query)
        answer = response.json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/query", query=expression)["result"]
        return found

    def rules(self) -> dict[str, dict[str, Any]]:
        """All rules, by name."""
        return {rule["name"]: rule for group in self.get("/rules")["groups"] for rule in group["rules"]}

    def ready(self) -> bool:
        try:
            return self.client.get("/status/runtimeinfo").status_code == 200
        except httpx2.TransportError:
            return False


@contextmanager
def prometheus(folder: Path, target: str, key: str) -> Iterator[Prometheus]:
    """Run Prometheus with the configuration from deploy/, except for armful's address and an interval of one second."""
    binary = program("prometheus", "prometheus")
    (folder / "key").write_text(key)
    (folder / "rules.yml").write_text(RULES.read_text())
    configuration = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    changed = configuration.replace("armful:8000", target).replace(
        "/run/secrets/armful-key", str(folder / "key")
    )
    changed = changed.replace("_interval: 15s", "_interval: 1s")
    assert changed.count("1s") == 2
    (folder / "prometheus.yml").write_text(changed)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [binary, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address={address}", "--log.level=warn"],
            stdout=log, stderr=log,
        )  # fmt: skip
    running = Prometheus(f"http://{address}")
    try:
        wait_until(running.ready, 60)
        yield running
    finally:
        running.client.close()
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
            process.wait()


@contextmanager
def load(service: Running) -> Iterator[None]:
    """Send selections and updates, one after another, until the block ends."""
    stopped = threading.Event()
    client = service.as_key(ADMIN_KEY)

    def send() -> None:
        for number in itertools.count():
            if stopped.wait(0.01):
                return
            select(client, 1, persona_id=("dev", "ops")[number % 2])
            report(client, "ab"[number % 2], success=number % 5 == 0)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def substitute_variables(expression: str) -> str:
    for name, value in {"$__rate_interval": "10s", "$instance": ".*", "$__range": "1m"}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


def test_every_panel_and_rule_has_data_in_a_real_prometheus(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    with serving(new_database(postgres), data_dir=tmp_path) as service:
        create(service.client, "a", "b", "c", "d")
        start(service.client)
        without_traffic = start(service.client, variant_ids=["c", "d"])
        with load(service), prometheus(tmp_path, f"127.0.0.1:{service.port}", ADMIN_KEY) as running:
            wait_until(lambda: running.query("rate(armful_commit_updates_sum[10s]) > 0"), 60)

            for panel in panels():
                for target in panel["targets"]:
                    found = running.query(substitute_variables(target["expr"]))
                    assert found or panel["title"] in MAY_BE_EMPTY, panel["title"]
                    labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
                    assert all(labels <= set(one["metric"]) for one in found), panel["title"]
                    values = {one["value"][1] for one in found}
                    assert not found or values > {"NaN"} or "NaN" not in values, panel["title"]

            wait_until(lambda: running.query('ALERTS{alertname="ExperimentLowSampleSize"}'), 60)
            wait_until(lambda: all(rule["health"] == "ok" for rule in running.rules().values()), 60)
            assert set(running.rules()) == set(alerts())
            raised = {name for name, rule in running.rules().items() if rule["state"] != "inactive"}
            # One experiment has no traffic. Alerts about a slow machine or a full disk depend on where the test runs.
            assert raised <= {"ExperimentLowSampleSize", *SLOW, *FULL}
            (few,) = running.query('ALERTS{alertname="ExperimentLowSampleSize"}')
            assert few["metric"]["experiment_id"] == without_traffic

            # Every series that an alert or a panel uses exists.
            names = set(running.get("/label/__name__/values"))
            used = set(
                re.findall(r"\b(?:armful|ab_testing|posts)_\w+", RULES.read_text() + json.dumps(panels()))
            )
            assert {name for name in used if name not in names} <= {"ab_testing"}


def test_alert_when_the_service_is_down(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with serving(new_database(postgres)) as service:
        target = f"127.0.0.1:{service.port}"
        with prometheus(tmp_path, target, ADMIN_KEY) as running:
            wait_until(lambda: running.query('up{job="ab-testing-api"} == 1'), 60)
            service.stop()
            wait_until(
                lambda: running.query('ALERTS{alertname="ABTestingAPIDown", alertstate="pending"}'), 60
            )


def test_dashboard_is_provisioned_from_the_compose_mount() -> None:
    compose = (DEPLOY / "compose.yaml").read_text()
    mounted = dict(re.findall(r"\./(grafana/\w+):(/etc/grafana/provisioning/\w+)", compose))
    provider = (DEPLOY / "grafana" / "dashboards" / "armful.yaml").read_text()
    assert f"path: {mounted['grafana/dashboards']}" in provider
    assert mounted["grafana/datasources"].endswith("/datasources")


@pytest.mark.parametrize("rule", alerts())
def test_alerts_have_a_severity_a_summary_and_a_description(rule: str) -> None:
    text = RULES.read_text().split(f"alert: {rule}\n")[1].split("- alert:")[0]
    assert re.search(r"severity: (critical|warning|info)", text)
    assert "summary:" in text
    assert "description:" in text

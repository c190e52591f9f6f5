"""deploy/compose.yaml conforms to the Compose specification, and all files, variables and settings that it names exist."""

import re
import subprocess
import sys
from typing import Any

import yaml
from tests.deploy.conftest import DEPLOY

from armful.settings import Settings

FILE = DEPLOY / "compose.yaml"


def services() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
    return loaded


def test_conforms_to_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_services_mounts_and_variables_exist() -> None:
    assert set(services()) == {"armful", "postgres", "prometheus", "grafana"}
    mounted = [volume for service in services().values() for volume in service.get("volumes", [])]
    for volume in mounted:
        source = volume.partition(":")[0]
        if source.startswith("."):
            assert (DEPLOY / source).is_dir(), source
    variables = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    assert variables == set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE))
    for name in services()["armful"]["environment"]:
        assert name.removeprefix("ARMFUL_").lower() in Settings.__struct_fields__


def test_armful_runs_with_minimal_privileges() -> None:
    armful = services()["armful"]
    assert armful["read_only"] is True
    assert armful["cap_drop"] == ["ALL"]
    assert armful["security_opt"] == ["no-new-privileges:true"]
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_scrapes_armful() -> None:
    configuration = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    host, port = re.findall(r"targets: \[(\w+):(\d+)\]", configuration)[0]
    assert host in services()
    assert any(published.endswith(f":{port}") for published in services()[host]["ports"])
    (secret,) = services()["prometheus"]["secrets"]
    assert f"/run/secrets/{secret}" in configuration

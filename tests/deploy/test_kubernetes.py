"""The Kubernetes manifests conform to Kubernetes' schemas, and agree with the program and its container image."""

import re
from functools import cache
from typing import Any

import httpx2
import kubernetes_validate
import pytest
import yaml
from tests.conftest import Running
from tests.deploy.conftest import DEPLOY

from armful.settings import Settings

FOLDER = DEPLOY / "kubernetes"
DOCKERFILE = (DEPLOY.parent / "Dockerfile").read_text()
KINDS = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"}


@cache
def manifests() -> dict[str, dict[str, Any]]:
    """The manifests that the kustomization lists, by kind."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    loaded = [manifest for name in names for manifest in yaml.safe_load_all((FOLDER / name).read_text())]
    assert {path.name for path in FOLDER.iterdir()} == {"kustomization.yaml", *names}
    return {manifest["kind"]: manifest for manifest in loaded}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = manifests()["Deployment"]["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    (only,) = pod()["containers"]
    spec: dict[str, Any] = only
    return spec


@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_manifests_conform_to_their_schemas(kind: str, version: str) -> None:
    kubernetes_validate.validate(manifests()[kind], version, strict=True)


def test_validation_rejects_an_invalid_manifest() -> None:
    invalid = manifests()["Service"] | {"spec": {"ports": [{"port": "eighty"}], "unknown": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(invalid, kubernetes_validate.latest_version(), strict=True)


def test_all_kinds_are_present() -> None:
    assert set(manifests()) == KINDS


def test_all_manifests_select_the_same_pods() -> None:
    labels = manifests()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    specs = {kind: manifests()[kind]["spec"] for kind in KINDS}
    assert specs["Deployment"]["selector"]["matchLabels"] == labels
    assert specs["Service"]["selector"] == labels
    assert specs["PodDisruptionBudget"]["selector"]["matchLabels"] == labels
    assert specs["NetworkPolicy"]["podSelector"]["matchLabels"] == labels
    target = specs["HorizontalPodAutoscaler"]["scaleTargetRef"]
    assert target["name"] == manifests()["Deployment"]["metadata"]["name"]
    # A fixed number of replicas would override the autoscaler with every deployment.
    assert "replicas" not in specs["Deployment"]
    assert specs["HorizontalPodAutoscaler"]["minReplicas"] >= 2


def test_pods_run_with_minimal_privileges() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod()['securityContext']['runAsUser']}:" in DOCKERFILE
    security = container()["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert container()["resources"]["limits"]["memory"]


def test_writable_paths_are_mounted() -> None:
    mounted = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"]}
    assert set(mounted) == {"/tmp", re.findall(r"VOLUME (\S+)", DOCKERFILE)[0]}
    assert {volume["name"] for volume in pod()["volumes"]} == set(mounted.values())


def test_settings_exist_and_secrets_come_from_a_secret() -> None:
    for variable in container()["env"]:
        assert variable["name"].removeprefix("ARMFUL_").lower() in Settings.__struct_fields__
        if variable["name"] in ("ARMFUL_DATABASE_URL", "ARMFUL_API_KEY"):
            assert variable["valueFrom"]["secretKeyRef"]["key"] in (FOLDER / "kustomization.yaml").read_text()
            assert "value" not in variable


def test_probes_succeed(shared: Running) -> None:
    names = {port["name"]: port["containerPort"] for port in container()["ports"]}
    arguments = container()["args"]
    assert names["http"] == int(arguments[arguments.index("--port") + 1])
    with httpx2.Client(base_url=shared.url) as client:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            endpoint = container()[probe]["httpGet"]
            assert endpoint["port"] in names
            assert client.get(endpoint["path"]).status_code == 200
    (port,) = manifests()["Service"]["spec"]["ports"]
    assert port["targetPort"] in names


def test_grace_period_covers_shutdown() -> None:
    from armful.server.serve import STOP_TIMEOUT

    delay = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["terminationGracePeriodSeconds"] >= delay + STOP_TIMEOUT + 5

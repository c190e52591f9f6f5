"""The Kubernetes manifests fit Kubernetes' schemas, this program, and its container image."""

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
    """What the kustomization names, by kind."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    found = [one for name in names for one in yaml.safe_load_all((FOLDER / name).read_text())]
    assert {path.name for path in FOLDER.iterdir()} == {"kustomization.yaml", *names}
    return {one["kind"]: one for one in found}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = manifests()["Deployment"]["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    one: dict[str, Any] = found
    return one


@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_manifest_fits_its_schema(kind: str, version: str) -> None:
    kubernetes_validate.validate(manifests()[kind], version, strict=True)


def test_a_manifest_that_does_not_fit_would_be_found() -> None:
    wrong = manifests()["Service"] | {"spec": {"ports": [{"port": "eighty"}], "selektor": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_nothing_is_missing() -> None:
    assert set(manifests()) == KINDS


def test_everything_is_about_the_same_pods() -> None:
    labels = manifests()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    specs = {kind: manifests()[kind]["spec"] for kind in KINDS}
    assert specs["Deployment"]["selector"]["matchLabels"] == labels
    assert specs["Service"]["selector"] == labels
    assert specs["PodDisruptionBudget"]["selector"]["matchLabels"] == labels
    assert specs["NetworkPolicy"]["podSelector"]["matchLabels"] == labels
    target = specs["HorizontalPodAutoscaler"]["scaleTargetRef"]
    assert target["name"] == manifests()["Deployment"]["metadata"]["name"]
    # An autoscaler and a fixed number of replicas would fight.
    assert "replicas" not in specs["Deployment"]
    assert specs["HorizontalPodAutoscaler"]["minReplicas"] >= 2


def test_no_pod_can_do_more_than_it_needs() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod()['securityContext']['runAsUser']}:" in DOCKERFILE
    own = container()["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert container()["resources"]["limits"]["memory"]


def test_what_is_written_to_is_mounted() -> None:
    mounted = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"]}
    assert set(mounted) == {"/tmp", re.findall(r"VOLUME (\S+)", DOCKERFILE)[0]}
    assert {volume["name"] for volume in pod()["volumes"]} == set(mounted.values())


def test_settings_are_ones_there_are_and_secrets_are_secret() -> None:
    for variable in container()["env"]:
        assert variable["name"].removeprefix("ARMFUL_").lower() in Settings.__struct_fields__
        if variable["name"] in ("ARMFUL_DATABASE_URL", "ARMFUL_API_KEY"):
            assert variable["valueFrom"]["secretKeyRef"]["key"] in (FOLDER / "kustomization.yaml").read_text()
            assert "value" not in variable


def test_probes_are_answered(shared: Running) -> None:
    names = {port["name"]: port["containerPort"] for port in container()["ports"]}
    arguments = container()["args"]
    assert names["http"] == int(arguments[arguments.index("--port") + 1])
    with httpx2.Client(base_url=shared.url) as anybody:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container()[probe]["httpGet"]
            assert asked["port"] in names
            assert anybody.get(asked["path"]).status_code == 200
    (port,) = manifests()["Service"]["spec"]["ports"]
    assert port["targetPort"] in names


def test_a_pod_has_time_to_stop() -> None:
    from armful.cli.serve import STOP_TIMEOUT

    asleep = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["terminationGracePeriodSeconds"] >= asleep + STOP_TIMEOUT + 5

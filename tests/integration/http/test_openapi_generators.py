"""Clients that others' generators make from the OpenAPI document compile, and work with a live service; a linter agrees."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ADMIN_KEY, Running, skip_without
from tests.integration.contract import counters, create

from armful.app import create_app
from armful.http.openapi import build
from armful.settings import Settings

ROOT = Path(__file__).parents[3]
BIN = ROOT / "node_modules" / ".bin"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

CONFIG = """
post_hooks: []
content_type_overrides:
  application/x-ndjson: application/octet-stream
  text/csv: application/octet-stream
"""

PYTHON = """
import sys
from generated import AuthenticatedClient
from generated.api.variants import select_variants, update_performance
from generated.models import PerformanceAnswer, PerformanceUpdate, SelectRequest, Selection
from generated.models import SelectRequestAlgorithm

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True)
request = SelectRequest(top_k=1, algorithm=SelectRequestAlgorithm.THOMPSON_SAMPLING, persona_id="p")
selection = select_variants.sync(client=client, body=request)
assert isinstance(selection, Selection), selection
chosen = selection.selected_variants[0].variant_id
answer = update_performance.sync(chosen, client=client, body=PerformanceUpdate(impression=True, success=True))
assert isinstance(answer, PerformanceAnswer), answer
print(chosen, answer.updated_performance.impressions)
"""

TYPESCRIPT = """
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };
const [, , baseUrl, key] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const { data: selection } = await client.POST("/variants/select", {
  body: { top_k: 1, algorithm: "thompson_sampling", persona_id: "p" },
});
const chosen: string = selection!.selected_variants[0].variant_id;
const { data: answer } = await client.POST("/variants/{variant_id}/performance", {
  params: { path: { variant_id: chosen } },
  body: { impression: true, success: true },
});
const impressions: number = answer!.updated_performance.impressions;
console.log(chosen, impressions);
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that has to succeed, and return its output."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env=os.environ | QUIET
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_text(json.dumps(build(create_app(Settings(database_url="none"))._app)))  # type: ignore[attr-defined]
    return path


@pytest.fixture(scope="module")
def service(shared: Running) -> Running:
    create(shared.client, "a")
    return shared


def test_the_linter_finds_nothing(document: Path) -> None:
    if not (BIN / "redocly").exists():
        skip_without("@redocly/cli is not installed")
    report = run(BIN / "redocly", "lint", "--config", ROOT / "redocly.yaml", document, cwd=document.parent)
    assert "Your API description is valid" in report


def test_a_generated_python_client_works(document: Path, service: Running, tmp_path: Path) -> None:
    if importlib.util.find_spec("openapi_python_client") is None:
        skip_without("openapi-python-client is not installed")
    (tmp_path / "config.yaml").write_text(CONFIG)
    report = run(
        sys.executable, "-m", "openapi_python_client", "generate", "--path", document, "--meta", "none",
        "--output-path", tmp_path / "generated", "--config", tmp_path / "config.yaml", "--fail-on-warning", cwd=tmp_path,
    )  # fmt: skip
    assert "Unable" not in report
    # The generator forgets an import for an operation with several kinds of body and no optional parameter.
    forgotten = tmp_path / "generated/api/experiments/update_covariates.py"
    assert "import Unset" not in forgotten.read_text()
    forgotten.write_text("from generated.types import Unset\n" + forgotten.read_text())
    run(sys.executable, "-W", "error", "-m", "compileall", "-q", tmp_path / "generated", cwd=tmp_path)
    modules = sorted((tmp_path / "generated").rglob("*.py"))
    names = [".".join(path.relative_to(tmp_path).with_suffix("").parts) for path in modules]
    run(sys.executable, "-c", "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]", *names,
        cwd=tmp_path)  # fmt: skip
    before, _ = counters(service.client, "a")
    (tmp_path / "use.py").write_text(PYTHON)
    assert run(sys.executable, "use.py", service.url, ADMIN_KEY, cwd=tmp_path).split() == [
        "a",
        str(before + 1),
    ]


def test_a_generated_typescript_client_works(document: Path, service: Running, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (BIN / "openapi-typescript").exists():
        skip_without("openapi-typescript is not installed")
    assert node
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "use.ts").write_text(TYPESCRIPT)
    # Otherwise it demands every field that has a default.
    options = ("--default-non-nullable", "false")
    run(BIN / "openapi-typescript", document, *options, "--output", tmp_path / "schema.ts", cwd=tmp_path)
    compiler = {"strict": True, "target": "es2022", "module": "nodenext", "types": []}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": compiler, "files": ["use.ts"]}))
    run(BIN / "tsc", cwd=tmp_path)
    before, _ = counters(service.client, "a")
    assert run(node, "use.js", service.url, ADMIN_KEY, cwd=tmp_path).split() == ["a", str(before + 1)]

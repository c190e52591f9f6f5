"""What every endpoint has in common: problems, public pages, and a scope for all others."""

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from tests.conftest import Running
from tests.integration.contract import problem

from armful.domain import errors
from armful.http import docs
from armful.http.problems import STATUSES
from armful.http.problems import problem as to_problem


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/none", 404, "There is nothing at /none: /docs lists every endpoint"),
        ("GET", "/variants/select", 405, "/variants/select does not take GET: send "),
        ("PUT", "/variants", 405, "/variants does not take PUT: send "),
        ("GET", "/experiments/a/b/c", 404, "There is nothing at /experiments/a/b/c"),
        ("GET", "/experiments/a%2Fb/c", 404, "There is nothing at /experiments/a/b/c"),
        ("GET", "/none/" + 300 * "x", 404, "There is nothing at /none/xxx"),
        ("GET", "/docs/assets/none", 404, "No such file: none"),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    shared: Running, method: str, path: str, status: int, detail: str
) -> None:
    answer = shared.client.request(method, path)
    assert problem(answer, status)["detail"].startswith(detail)
    assert len(answer.content) < 300
    assert ("allow" in answer.headers) == (status == 405)


def test_a_query_that_is_missing_is_named(shared: Running) -> None:
    answer = problem(shared.client.get("/power?baseline=0.08"), 422)
    assert answer["errors"] == [{"field": "mde", "message": "is missing from the query"}]


def test_a_query_that_is_no_number_is_shown(shared: Running) -> None:
    answer = problem(shared.client.get("/variants?limit=ten"), 422)
    assert answer["errors"] == [{"field": "limit", "message": 'Expected `int` (sent: "ten")'}]


def test_health_asks_for_no_key(shared: Running) -> None:
    with httpx2.Client(base_url=shared.url) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        problem(client.get("/health"), 404)  # open, and not there
        assert client.get("/health/ready").json() == {"status": "ready"}
        answer = client.get("/health/ab-testing")
    assert answer.status_code == 200
    body = answer.json()
    assert isinstance(body.pop("variant_count"), int)
    assert body == {"status": "healthy", "thompson_sampling": "ok"}


def test_documentation_that_is_not_built_says_so(
    shared: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docs, "_FOLDER", tmp_path)
    page = shared.client.get("/docs")
    assert page.status_code == 200
    assert "make dashboard" in page.text
    assert "/openapi.json" in page.text
    problem(shared.client.get("/docs/assets/swagger-ui.css"), 404)


def test_documentation_asks_no_key_and_no_other_host(shared: Running) -> None:
    built = (docs._FOLDER / "swagger-ui.css").is_file()
    assert built or not os.environ.get("CI"), "make dashboard has not run"
    with httpx2.Client(base_url=shared.url) as client:
        document = client.get("/openapi.json").json()
        page = client.get("/docs")
        assert page.status_code == 200
        if built:
            for name in ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"):
                assert f"/docs/assets/{name}" in page.text
                assert client.get(f"/docs/assets/{name}").status_code == 200
        assert client.get("/docs/assets/..%2F..%2Fapp.py").status_code == 404
        icon = client.get("/favicon.ico")
        assert icon.headers["content-type"].startswith("image/svg+xml")
        assert icon.text.startswith("<svg")
    assert "cdn" not in page.text
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    for path, method in {
        "/variants": "get", "/variants/select": "post", "/variants/{variant_id}/performance": "post",
        "/variants/{variant_id}/stats": "get", "/experiments/start": "post", "/experiments/{experiment_id}/results": "get",
    }.items():  # fmt: skip
        assert method in paths[path]
    assert "/docs" not in paths
    schema = document["components"]["schemas"]["SelectRequest"]
    assert set(schema["required"]) == {"top_k", "algorithm", "persona_id"}


def test_every_handler_names_its_scope_or_is_public(shared: Running) -> None:
    application: Litestar = shared.app._app  # type: ignore[attr-defined]
    handlers = [
        handler
        for route in application.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
    ]
    assert len(handlers) > 20
    for handler in handlers:
        if "OPTIONS" not in handler.http_methods:
            assert handler.opt.get("public") or handler.opt.get("scope") in (
                "read",
                "select",
                "write",
                "admin",
            ), handler


def test_every_error_of_the_domain_has_a_status() -> None:
    def walk(kind: type[errors.ArmfulError]) -> Any:
        for derived in kind.__subclasses__():
            yield derived
            yield from walk(derived)

    for kind in walk(errors.ArmfulError):
        if kind.__module__ == errors.__name__:
            assert any(base in STATUSES for base in kind.__mro__), kind
            assert to_problem(kind("x", "y", "z")).status < 600


def test_an_unexpected_error_tells_nothing_of_itself() -> None:
    answer = to_problem(RuntimeError("secret"))
    assert answer.status == 500
    assert "secret" not in answer.detail

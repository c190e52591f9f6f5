"""The hot endpoints: the gate answers as the handlers that describe them would."""

import pytest
from httpx2 import Client
from litestar import Litestar
from tests.conftest import Running
from tests.integration.contract import create, problem

from armful.http.fast import FAST_ENDPOINTS, find


def test_each_is_described_by_a_handler_of_the_same_scope(shared: Running) -> None:
    application: Litestar = shared.app._app  # type: ignore[attr-defined]
    for hot in FAST_ENDPOINTS:
        (route,) = [route for route in application.routes if route.path_format == hot.pattern]
        (handler,) = [one for one in route.route_handlers if hot.method in one.http_methods]  # type: ignore[union-attr]
        assert handler.opt["scope"] == hot.scope


@pytest.mark.parametrize(
    ("method", "path", "pattern", "variant_id"),
    [
        ("POST", "/variants/select", "/variants/select", ""),
        ("POST", "/variants/a/performance", "/variants/{variant_id}/performance", "a"),
        ("POST", "/variants/a\0b/performance", "/variants/{variant_id}/performance", "a/b"),
        ("GET", "/variants/stats/stats", "/variants/{variant_id}/stats", "stats"),
        ("GET", "/variants/{id}/stats", "/variants/{variant_id}/stats", "{id}"),
    ],
)
def test_requests_find_their_endpoint(method: str, path: str, pattern: str, variant_id: str) -> None:
    found = find(method, path)
    assert found is not None
    assert (found[0].pattern, found[1]) == (pattern, variant_id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/variants/select"),
        ("GET", "/variants/a/performance"),
        ("POST", "/variants/a/b/performance"),
        ("POST", "/other/a/performance"),
        ("POST", "/performance"),
        ("GET", "/stats"),
        ("GET", "/variants/stats"),
        ("GET", "stats"),
        ("GET", ""),
    ],
)
def test_other_requests_find_none(method: str, path: str) -> None:
    assert find(method, path) is None


def test_statistics_are_the_same_by_either_way(client: Client) -> None:
    create(
        client, {"variant_id": "a/b", "impressions": 1000, "successes": 120, "dimensions": {"tone": "dry"}}
    )
    plain = client.get("/variants/a%2Fb/stats")
    for ordinary in ("?confidence_level=9.5e-1", "?other=1", "?confidence_level=0.95&confidence_level=0.95"):
        answer = client.get("/variants/a%2Fb/stats" + ordinary)
        assert answer.json() == plain.json()
        assert answer.headers["content-type"] == plain.headers["content-type"]
    narrow = client.get("/variants/a%2Fb/stats?confidence_level=0.5")
    assert narrow.json() == client.get("/variants/a%2Fb/stats?confidence_level=5e-1").json()
    assert narrow.json() != plain.json()


def test_what_does_not_fit_is_left_to_the_ordinary_handler(client: Client) -> None:
    create(client, "a")
    body = problem(client.get("/variants/a/stats?confidence_level=high"), 422)
    assert body["errors"][0]["field"] == "confidence_level"
    assert "high" in body["errors"][0]["message"]
    problem(client.get("/variants/nobody/stats"), 404)

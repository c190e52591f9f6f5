"""Everything works below a path prefix behind nginx, whether nginx removes the prefix or not."""

import re
import socket
from collections.abc import Iterator

import httpx2
import pytest
from tests.conftest import new_database
from tests.processes import HOW, Serving, serving
from tests.security.proxies import nginx

from armful.client import Client
from armful.ops.postgres import EmbeddedPostgres

PREFIX = "/tools/armful"


@pytest.fixture(scope="module")
def service(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {"ARMFUL_DATABASE_URL": new_database(postgres), "ARMFUL_ROOT_PATH": PREFIX}
    with serving(tmp_path_factory.mktemp("prefix") / "data", **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a/b"})
        yield service


@pytest.fixture(scope="module", params=[True, False], ids=["removed", "kept"])
def base(
    request: pytest.FixtureRequest, service: Serving, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The service's address for the world."""
    folder = tmp_path_factory.mktemp("nginx")
    with nginx(service.url.partition("//")[2], folder, PREFIX, removed=request.param) as (host, port):
        yield f"http://{host}:{port}{PREFIX}"


def site(base: str) -> str:
    return base.removesuffix(PREFIX)


def test_the_root_leads_to_the_dashboard(base: str) -> None:
    assert httpx2.get(base + "/").headers["location"] == f"{PREFIX}/dashboard"


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/variants/x", "/docs"])
def test_a_page_finds_everything_it_links_to(base: str, path: str) -> None:
    page = httpx2.get(base + path)
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith(PREFIX + "/"), link
        assert httpx2.get(site(base) + link).status_code == 200, link


def test_the_dashboard_knows_the_prefix(base: str) -> None:
    page = httpx2.get(base + "/dashboard").text
    if "is not built" in page:
        pytest.skip("the dashboard is not built")
    assert f'<meta name="root-path" content="{PREFIX}" />' in page


def test_the_documentation_shows_requests_that_work(base: str, service: Serving) -> None:
    script = httpx2.get(base + "/docs/assets/start.js").text
    found = re.search(r'url: "([^"]+)"', script)
    assert found
    document = httpx2.get(site(base) + found[1]).json()
    assert document["servers"] == [{"url": PREFIX}]


def test_the_api_is_there(base: str, service: Serving, request: pytest.FixtureRequest) -> None:
    nginx_decodes = request.node.callspec.params[
        "base"
    ]  # where it removes the prefix, it passes %2F on as a slash
    headers = {"Authorization": f"Bearer {service.key}"}
    for address in (base, service.url, service.url + PREFIX):
        selected = httpx2.post(f"{address}/variants/select", json={"top_k": 1, **HOW}, headers=headers)
        assert selected.json()["selected_variants"][0]["variant_id"] == "a/b"
        if not (nginx_decodes and address == base):
            assert httpx2.get(f"{address}/variants/a%2Fb/stats", headers=headers).status_code == 200
            assert httpx2.get(f"{address}/variants/a%2Fb", headers=headers).json()["variant_id"] == "a/b"
        assert httpx2.get(f"{address}/health/live").status_code == 200
        assert httpx2.options(f"{address}/variants", headers=headers).status_code == 204
    with Client(base, service.key) as client:
        assert client.select(top_k=1, **HOW).selected_variants[0].variant_id == "a/b"


@pytest.mark.parametrize(
    "path", [PREFIX + "x/health/live", "/tools/health/live", PREFIX * 2 + "/health/live"]
)
def test_only_the_whole_prefix_is_removed(service: Serving, path: str) -> None:
    assert httpx2.get(service.url + path).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (PREFIX, "302"),
        (f"{PREFIX}/variants/a%2Fb", "200"),
        ("/t%6fols/%61rmful/variants/a%2Fb", "200"),
        ("/t%6fols/armful/variants", "200"),
        ("/tools%2Farmful/variants", "404"),
        (f"{PREFIX}%2Fvariants", "404"),
        (f"{PREFIX}x/variants", "404"),
        (f"{PREFIX}{PREFIX}/variants", "404"),
    ],
)
def test_the_prefix_is_found_however_it_is_written(service: Serving, path: str, status: str) -> None:
    host, port = service.url.partition("//")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.key}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(4096).split()[1].decode() == status

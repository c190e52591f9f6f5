"""What every answer says to browsers, who may call from where, and HTTPS."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.conftest import ADMIN_KEY, Running, new_database, serving
from tests.integration.contract import create, problem
from tests.processes import ARMFUL, HOW, environment
from tests.processes import serving as process

from armful.ops.postgres import EmbeddedPostgres

HERE = "https://shop.example"
PREFLIGHT = {
    "Origin": HERE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.fixture(scope="module")
def open_to_one(postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service that browsers may call from one origin, and from another one."""
    with serving(new_database(postgres), cors_origins=(HERE, "http://localhost:3000")) as running:
        create(running.client, "a")
        yield running


PATHS = ["/variants", "/variants/a/stats", "/health/live", "/openapi.json", "/keys", "/no/such/path", "/docs"]


@pytest.mark.parametrize("path", [*PATHS, "/dashboard", "/favicon.ico"])
def test_every_answer_tells_browsers_to_be_careful(shared: Running, path: str) -> None:
    headers = shared.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "cache-control" in headers
    assert not [name for name in headers if name.startswith("access-control-")]
    for name in ("x-content-type-options", "cache-control", "x-request-id"):
        assert len(headers.get_list(name)) == 1
    if path != "/variants/a/stats":
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_what_holds_a_secret_is_kept_nowhere(shared: Running) -> None:
    answer = shared.client.post("/keys", json={"name": "k", "scopes": ["read"]})
    assert answer.headers["cache-control"] == "no-store"
    rotated = shared.client.post(f"/keys/{answer.json()['key_id']}/rotate", json={})
    assert rotated.headers["cache-control"] == "no-store"


def test_the_page_of_the_documentation_runs_no_script_of_its_own(shared: Running) -> None:
    page = shared.client.get("/docs")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
    start = shared.client.get("/docs/assets/start.js")
    assert start.headers["content-type"].startswith("text/javascript")
    assert '"/openapi.json"' in start.text


def test_without_origins_a_preflight_is_a_request_like_any(shared: Running) -> None:
    with httpx2.Client(base_url=shared.url) as client:
        problem(client.options("/variants/select", headers=PREFLIGHT), 401)


@pytest.mark.parametrize("path", ["/variants/select", "/variants", "/variants/a/performance", "/health/live"])
def test_a_preflight_of_an_allowed_origin(open_to_one: Running, path: str) -> None:
    with httpx2.Client(base_url=open_to_one.url) as client:
        answer = client.options(path, headers=PREFLIGHT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == HERE
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://shop.example.evil",
        "http://shop.example",
        "https://shop.example:444",
        "null",
        "x" * 5000,
    ],
)
def test_a_preflight_of_any_other_origin(open_to_one: Running, origin: str) -> None:
    with httpx2.Client(base_url=open_to_one.url) as client:
        answer = client.options("/variants/select", headers={**PREFLIGHT, "Origin": origin})
    problem(answer, 403)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/variants", 200),
        ("GET", "/variants/a/stats", 200),
        ("POST", "/variants/select", 200),
        ("GET", "/variants/none", 404),
        ("PUT", "/variants", 405),
    ],
)
def test_a_call_from_an_origin(open_to_one: Running, method: str, path: str, status: int) -> None:
    body = {"top_k": 1, **HOW} if method == "POST" else None
    allowed = open_to_one.client.request(method, path, json=body, headers={"Origin": HERE})
    assert allowed.status_code == status
    assert allowed.headers["access-control-allow-origin"] == HERE
    assert "x-request-id" in allowed.headers["access-control-expose-headers"]
    for headers in ({"Origin": "https://evil.example"}, {}):
        other = open_to_one.client.request(method, path, json=body, headers=headers)
        assert "access-control-allow-origin" not in other.headers
        assert other.headers["vary"] == "origin"


def test_every_origin_where_that_is_wanted(database: str) -> None:
    with serving(database, cors_origins=("*",)) as running, httpx2.Client(base_url=running.url) as client:
        assert client.options("/variants", headers=PREFLIGHT).headers["access-control-allow-origin"] == HERE
        problem(client.get("/variants", headers={"Origin": HERE}), 401)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine, signed by nobody, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", cert, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_https(tmp_path: Path, postgres: EmbeddedPostgres, certificate: tuple[Path, Path]) -> None:
    cert, key = map(str, certificate)
    with process(
        tmp_path / "data", "--tls-cert", cert, "--tls-key", key, "--workers", "2",
        ARMFUL_DATABASE_URL=new_database(postgres),
    ) as service:  # fmt: skip
        assert service.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=cert)
        headers = {"Authorization": f"Bearer {service.key}"}
        with httpx2.Client(base_url=service.url, headers=headers, verify=trusting, timeout=20) as client:
            assert client.post("/variants", json={"variant_id": "a"}).status_code == 201
            for _ in range(5):
                answer = client.post("/variants/a/performance", json={"impression": True, "success": False})
                assert answer.status_code == 200
                assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert "server" not in client.get("/health/live").headers
            assert client.get("/health/live").headers["strict-transport-security"]
        plain = service.url.replace("https", "http")
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{plain}/health/live", verify=trusting)
        old = ssl.create_default_context(cafile=cert)
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{service.url}/health/live", verify=old)


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("cert", None, "is not set: set both"),
        (None, "key", "is not set: set both"),
        ("key", "cert", "cannot be used"),
        ("cert", "other", "cannot be used"),
    ],
)
def test_a_certificate_that_cannot_be_used(
    tmp_path: Path, certificate: tuple[Path, Path], cert: str | None, key: str | None, said: str
) -> None:
    files = dict(zip(("cert", "key"), map(str, certificate), strict=True))
    other = tmp_path / "other.pem"
    other.write_text("no key")
    files["other"] = str(other)
    options = [*(("--tls-cert", files[cert]) if cert else ()), *(("--tls-key", files[key]) if key else ())]
    done = subprocess.run(
        [*ARMFUL, "serve", "--port", "0", *options],
        env=environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_settings_key_is_not_in_any_header(shared: Running) -> None:
    for path in PATHS:
        assert ADMIN_KEY not in str(shared.client.get(path).headers)

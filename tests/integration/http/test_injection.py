"""Text that means something to SQL, HTTP, a shell or a file system means nothing here: tried wherever text is taken."""

import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import ADMIN_KEY, Running, new_database, serving
from tests.integration.contract import create, problem
from tests.integration.experiments.steps import start

from armful.ops.postgres import EmbeddedPostgres

HOSTILE = [
    "'; DROP TABLE armful.variant_performance; --",
    "' OR '1'='1",
    '" OR ""="',
    "1); DELETE FROM armful.api_key; --",
    "\\'; SELECT pg_sleep(30); --",
    "$1",
    "%s%n{0}{}",
    "$$; SELECT 1; $$",
    "\\copy armful.audit to '/tmp/x'",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "$(reboot)`reboot`",
    "<script>alert(1)</script>",
    "a\u202eb\ufeff\u200b",
    "{{7*7}}${7*7}",
    "=cmd|' /C calc'!A0",
    "%00%2e%2e%2f",
    "null",
]


@pytest.fixture(scope="module")
def service(postgres: EmbeddedPostgres) -> Iterator[Running]:
    with serving(new_database(postgres)) as running:
        create(running.client, "a", "b")
        yield running


def counts(service: Running) -> dict[str, int]:
    """How many rows each table of note has."""
    return {
        table: service.sql(f"SELECT count(*) FROM armful.{table}")[0][0]
        for table in ("variant_performance", "api_key", "audit", "experiment")
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_kept_and_found_as_it_is(service: Running, text: str) -> None:
    client = service.client
    dimensions = {text: text, "kind": text}
    client.post("/variants", json={"variant_id": text, "content": text, "dimensions": dimensions})
    before = counts(service)
    path = httpx_path(text)
    found = client.get(f"/variants/{path}").json()
    assert (found["variant_id"], found["content"], found["dimensions"]) == (text, text, dimensions)
    for query in ({"kind": text}, {f"dimension.{text}": text}):
        listed = client.get("/variants", params=query).json()
        assert [variant["variant_id"] for variant in listed["variants"]] == [text]
    body = {"top_k": 5, "algorithm": "thompson_sampling", "persona_id": text, "dimensions": {"kind": text}}
    selection = client.post("/variants/select", json=body).json()
    assert [variant["variant_id"] for variant in selection["selected_variants"]] == [text]
    update = {
        "impression": True, "success": True, "persona_id": text, "participant_id": text, "metadata": {text: text},
        "event_id": text, "metrics": {text: True},
    }  # fmt: skip
    report = client.post(f"/variants/{path}/performance", json=update)
    assert report.json()["updated_performance"]["successes"] == 1
    assert client.get(f"/variants/{path}/stats").json()["variant_id"] == text
    assert client.get(f"/variants/{path}/history").status_code == 200
    for query in ({"subject": text}, {"actor": text}):
        assert client.get("/audit", params=query).status_code == 200
    assert counts(service) == before


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_experiments_and_keys(service: Running, text: str) -> None:
    client = service.client
    key = client.post("/keys", json={"name": text, "scopes": ["read"]}).json()
    body = {
        "experiment_name": text, "description": text, "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5],
        "target_persona": text, "success_metrics": [text], "duration_days": 1, "salt": text, "draft": True,
    }  # fmt: skip
    experiment = client.post("/experiments/start", json=body).json()
    assert (key["name"], experiment["experiment_name"]) == (text, text)
    name = experiment["experiment_id"]
    assert client.get(f"/experiments/{name}/results", params={"segment_by": text}).status_code == 200
    assert client.get(f"/experiments/{name}/results", params={"format": "csv"}).status_code == 200
    assert client.get(f"/experiments/{httpx_path(text)}").status_code == 404
    problem(client.delete(f"/keys/{httpx_path(text)}"), 404)
    (entry,) = client.get("/audit", params={"kind": "key", "subject": key["key_id"]}).json()["entries"]
    assert entry["details"]["name"] == text


def httpx_path(text: str) -> str:
    """A text as one segment of a path."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


TRAVERSALS = [
    "/dashboard/../../../../etc/passwd",
    "/dashboard/assets/../../../../../../etc/passwd",
    "/dashboard/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/dashboard/assets/%2e%2e/%2e%2e/app.py",
    "/dashboard/assets/..%5c..%5capp.py",
    "/dashboard/assets/%252e%252e%252fapp.py",
    "/dashboard/assets/....//....//app.py",
    "/dashboard/assets//etc/passwd",
    "/dashboard/assets/%00",
    "/dashboard/assets/app.py%00.js",
    "/docs/assets/../../api/docs.py",
    "/docs/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/docs/assets/%2fetc%2fpasswd",
    "/docs/assets/start.js%2f..%2f..%2fapp.py",
    "//etc/passwd",
    "/docs/..;/keys",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_file_but_those_that_are_meant(service: Running, path: str) -> None:
    status, body = raw(service, b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
    assert status in (200, 401, 404)
    assert b"root:" not in body
    assert b"import " not in body
    assert status != 200 or b"<!doctype html>" in body


@pytest.mark.parametrize(
    "path",
    [
        "/health/../keys", "/docs/../audit", "/dashboard/../keys", "/docs%2f..%2fkeys", "/health/%2e%2e/keys", "/docs//keys",
        "//keys", "/keys/", "/KEYS", "/keys?", "/keys%00", "/%6beys", "/keys/%2e", "/openapi.json/../keys", "/docs/keys",
        "/health//../audit", "/favicon.ico/../keys",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "TRACE"])
def test_no_way_round_the_key(service: Running, path: str, method: str) -> None:
    request = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    status, body = raw(service, request.encode())
    assert status in (200, 204, 401, 404, 405)
    assert b"key_id" not in body
    assert b"entries" not in body
    assert status != 200 or b"<!doctype html>" in body or method == "HEAD"


TOKENS = st.sampled_from(
    [
        b"/variants", b"/select", b"/a", b"/stats", b"/performance", b"/experiments", b"/results", b"/audit", b"/keys",
        b"/", b"//", b"%2f", b"%2F", b"%00", b"%", b"%zz", b"%c3%28", b"..", b"?", b"&", b"=", b"limit=", b"cursor=", b"-1",
        b"1e9", b"confidence_level=", b"0.5", b"dimension.", b"\xff", b"#", b";", b"+", b"*", b"[", b"since=", b"2026-01-01",
        b"status=", b"all", b"days=", b"variant_id=",
    ]
)  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"Content-Type", b"Accept", b"Idempotency-Key", b"X-Request-ID", b"Origin", b"Accept-Encoding",
             b"If-None-Match", b"Range", b"Cookie", b"X-Forwarded-For", b"Expect", b"Content-Encoding", b"traceparent"]
        ),
        st.binary(max_size=20).map(lambda value: value.translate(None, b"\r\n\0")),
    ),
    max_size=4,
)  # fmt: skip
BODIES = st.binary(max_size=40) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
).map(lambda value: json.dumps(value).encode())


@given(
    method=st.sampled_from([b"GET", b"POST", b"PATCH", b"DELETE", b"PUT", b"HEAD", b"OPTIONS"]),
    path=st.lists(TOKENS, max_size=7).map(lambda tokens: b"/" + b"".join(tokens)),
    headers=HEADERS,
    body=BODIES,
)
@settings(max_examples=300, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_request_is_too_much(
    service: Running, method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    if b"/live" in path:
        return
    lines = [b"%b %b HTTP/1.1" % (method, path), b"Host: a", b"Authorization: Bearer " + ADMIN_KEY.encode()]
    lines += [b"%b: %b" % header for header in headers]
    lines += [b"Content-Length: %d" % len(body), b"Connection: close", b"", b""]
    status, _ = raw(service, b"\r\n".join(lines) + body)
    assert 200 <= status < 500


def raw(service: Running, request: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer to a request that is sent as it is."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_results_as_csv_are_never_taken_for_a_page(service: Running) -> None:
    create(service.client, "csv-a", "csv-b")
    experiment = start(service.client, variant_ids=["csv-a", "csv-b"])
    text = service.client.get(f"/experiments/{experiment}/results", params={"format": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    assert text.headers["x-content-type-options"] == "nosniff"

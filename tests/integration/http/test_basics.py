"""HTTP as its users expect it: methods, codings, caching, hosts, byte order marks, surrogates."""

import gzip
import json
import zlib
from typing import Any

import httpx2
import pytest
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.processes import HOW

from armful.app import create_app
from armful.settings import Settings

BOM = b"\xef\xbb\xbf"
SELECT = json.dumps({"top_k": 1, **HOW}).encode()
UPDATE = b'{"impression": true, "success": false}'


def endpoints() -> dict[str, set[str]]:
    """The methods that the OpenAPI document has for each path without parameters."""
    app: Any = create_app(Settings(database_url="postgresql://nowhere"))
    routes = app._app.routes
    found: dict[str, set[str]] = {}
    for route in routes:
        if "{" not in route.path_format:
            found.setdefault(route.path_format, set()).update(route.methods)
    return found


@pytest.mark.parametrize(("path", "methods"), sorted(endpoints().items()))
def test_head_options_and_allow_of_every_path(shared: Running, path: str, methods: set[str]) -> None:
    client = shared.client
    expected = methods | ({"HEAD"} if "GET" in methods else set())
    for found in (client.options(path), client.request("TRACE", path)):
        assert set(found.headers["allow"].split(", ")) == expected
        assert found.headers.get_list("allow") == [", ".join(sorted(expected))]
    assert client.options(path).status_code == 204
    assert client.request("TRACE", path).status_code == 405
    head = client.head(path)
    assert head.content == b""
    if "GET" not in methods:
        assert head.status_code == 405
    elif path != "/live":
        got = client.get(path)
        assert head.status_code == got.status_code
        for name in ("content-type", "content-length", "etag", "location"):
            if name != "content-length" or path != "/metrics":
                assert head.headers.get(name) == got.headers.get(name), name


def test_head_of_a_stream_ends(shared: Running) -> None:
    for _ in range(3):
        found = shared.client.head("/live")
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/event-stream")


def test_head_of_variants(shared: Running) -> None:
    create(shared.client, "head")
    for path in ("/variants/head", "/variants/head/stats"):
        found = shared.client.head(path)
        assert (found.status_code, found.content) == (200, b"")
        assert int(found.headers["content-length"]) == len(shared.client.get(path).content)
    assert shared.client.head("/variants/nobody/stats").status_code == 404


def test_the_root_leads_to_the_dashboard(shared: Running) -> None:
    found = httpx2.get(shared.url + "/", follow_redirects=False)
    assert found.status_code == 302
    assert found.headers["location"] == "/dashboard"


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}


def raw_deflate(body: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


@pytest.mark.parametrize("coding", CODINGS)
def test_coded_bodies_are_read(shared: Running, coding: str) -> None:
    client, code, name = shared.client, CODINGS[coding], f"coded-{coding}"
    create(client, name)
    headers = {"Content-Encoding": coding}
    batch = json.dumps({"updates": [{"variant_id": name, **json.loads(UPDATE)}] * 500}).encode()
    for path, body, status in (
        ("/variants/select", SELECT, 200),
        (f"/variants/{name}/performance", UPDATE, 200),
        ("/performance/batch", batch, 200),
        ("/variants", b'{"variant_id": "more-%b"}' % name.encode(), 201),
    ):
        found = client.post(path, content=code(body), headers=headers)
        assert found.status_code == status, found.text
    assert client.get(f"/variants/{name}").json()["performance"]["impressions"] == 501


def test_a_body_of_several_gzip_members_and_one_of_raw_deflate(shared: Running) -> None:
    create(shared.client, "members")
    two = gzip.compress(SELECT[:10], mtime=0) + gzip.compress(SELECT[10:], mtime=0)
    for coding, body in (("gzip", two), ("deflate", raw_deflate(SELECT))):
        found = shared.client.post("/variants/select", content=body, headers={"Content-Encoding": coding})
        assert found.status_code == 200


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
@pytest.mark.parametrize("path", ["/variants/select", "/performance/batch"])
def test_other_codings_are_refused(shared: Running, coding: str, path: str) -> None:
    found = shared.client.post(path, content=SELECT, headers={"Content-Encoding": coding})
    problem(found, 415)
    assert found.headers["accept-encoding"] == "gzip, deflate"
    assert coding in found.json()["detail"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", SELECT),
        ("gzip", gzip.compress(SELECT, mtime=0)[:-1]),
        ("gzip", gzip.compress(SELECT, mtime=0) + b"x"),
        ("deflate", SELECT),
        ("deflate", zlib.compress(SELECT)[:-1]),
        ("deflate", zlib.compress(SELECT) + b"x"),
    ],
)
def test_bodies_that_are_not_coded_as_they_say_are_refused(shared: Running, coding: str, body: bytes) -> None:
    problem(shared.client.post("/variants/select", content=body, headers={"Content-Encoding": coding}), 400)


def test_a_byte_order_mark_is_skipped(shared: Running) -> None:
    client = shared.client
    create(client, "marked")
    item = b'{"variant_id": "marked", "impression": true, "success": false}'
    assert client.post("/variants/select", content=BOM + SELECT).status_code == 200
    assert client.post("/variants/marked/performance", content=BOM + UPDATE).status_code == 200
    assert client.post("/variants", content=BOM + b'{"variant_id": "marked too"}').status_code == 201
    for body, kind in (
        (b'{"updates": [%b]}' % item, "application/json"),
        (item + b"\n" + item, "application/x-ndjson"),
        (b"\n" + item, "application/x-ndjson"),
    ):
        found = client.post("/performance/batch", content=BOM + body, headers={"Content-Type": kind})
        assert found.json()["rejected"] == []
    assert client.get("/variants/marked").json()["performance"]["impressions"] == 5


HALVES = (rb"\ud800", rb"\udfff", rb"\ud800\u0041", rb"\udc00\ud800", rb"\\\ud800")


@pytest.mark.parametrize("half", HALVES)
def test_half_a_surrogate_pair_refuses_its_item_alone(shared: Running, half: bytes) -> None:
    client = shared.client
    name = f"half-{HALVES.index(half)}"
    create(client, name)
    good = b'{"variant_id": "%b", "impression": true, "success": false, "persona_id": "\\\\ud800 \\ud83d\\ude00"}'
    bad = b'{"variant_id": "%b", "impression": true, "success": false, "persona_id": "%b"}'
    items = [good % name.encode(), bad % (name.encode(), half), good % name.encode()]
    for body, kind in (
        (b'{"updates": [' + b", ".join(items) + b"]}", "application/json"),
        (b"\n".join(items), "application/x-ndjson"),
    ):
        found = client.post("/performance/batch", content=body, headers={"Content-Type": kind}).json()
        assert found["accepted"] == 2, found
        (rejected,) = found["rejected"]
        assert rejected["index"] == 1
        assert "surrogate" in rejected["detail"]
    single = b'{"impression": true, "success": false, "persona_id": "%b"}' % half
    refused = client.post(f"/variants/{name}/performance", content=single)
    problem(refused, 422)
    assert "surrogate" in refused.json()["detail"]
    assert client.get(f"/variants/{name}").json()["performance"]["impressions"] == 4


def test_a_selection_id_of_zeros_is_refused(shared: Running) -> None:
    client = shared.client
    create(client, "zeros")
    body = {"impression": True, "success": False, "selection_id": "00000000-0000-0000-0000-000000000000"}
    refused = client.post("/variants/zeros/performance", json=body)
    problem(refused, 422)
    assert refused.json()["errors"][0]["field"] == "selection_id"
    items = [{"variant_id": "zeros", **body}, {"variant_id": "zeros", **body, "selection_id": None}]
    batch = client.post("/performance/batch", json={"updates": items}).json()
    assert (batch["accepted"], [one["index"] for one in batch["rejected"]]) == (1, [0])
    assert "selection_id" in batch["rejected"][0]["detail"]
    assert report(client, "zeros", success=False)["updated_performance"]["impressions"] == 2


CACHED = ("/openapi.json", "/dashboard", "/dashboard/variants/x", "/favicon.ico", "/docs/assets/start.js")


@pytest.mark.parametrize("path", CACHED)
def test_what_never_changes_is_sent_once(shared: Running, path: str) -> None:
    client = shared.client
    first = client.get(path)
    assert first.headers["cache-control"] != "no-store"
    etag = first.headers["etag"]
    for named in (etag, f'"other", W/{etag}', "*"):
        again = client.get(path, headers={"If-None-Match": named})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert client.head(path, headers={"If-None-Match": named}).status_code == 304
    changed = client.get(path, headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "Authorization"),
        ([("Content-Type", "application/json"), ("Content-Type", "text/plain")], "Content-Type"),
        ([("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")], "Content-Encoding"),
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "Idempotency-Key"),
    ],
)
def test_a_header_that_two_servers_could_read_differently_is_sent_once(
    shared: Running, headers: list[tuple[str, str]], named: str
) -> None:
    with httpx2.Client() as client:
        found = client.post(shared.url + "/variants/select", content=SELECT, headers=headers)
    problem(found, 400)
    assert named in found.json()["detail"]

"""A key is checked again when a body that came later is whole."""

import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from tests.faults.wire import answers, connect
from tests.processes import HOW, Serving

BODIES = {
    "/variants/a/performance": {"impression": True, "success": False},
    "/variants/select": {"top_k": 1, **HOW},
    "/performance/batch": {"updates": [{"variant_id": "a", "impression": True, "success": False}]},
    "/variants": {"variant_id": "b"},
}


def new_key(service: Serving, **more: object) -> dict[str, str]:
    scopes = ["select", "write", "admin"]
    key: dict[str, str] = service.request("POST", "/keys", {"name": "k", "scopes": scopes, **more}).json()
    return key


def request(key: str, path: str, *, chunked: bool) -> tuple[bytes, bytes]:
    """A request's head, and its body."""
    body = json.dumps(BODIES[path]).encode()
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    lines = [f"POST {path} HTTP/1.1", "Host: armful", f"Authorization: Bearer {key}", framing, "", ""]
    return "\r\n".join(lines).encode(), b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_key_that_ended_while_the_body_was_arriving_is_refused(service: Serving, how: str) -> None:
    """Every endpoint at the same time, with a body of known length and in chunks."""
    if how == "revoked":
        key = new_key(service)
    else:
        ends = datetime.now(UTC) + timedelta(seconds=2)
        key = new_key(service, expires_at=ends.isoformat())
    before = service.impressions()
    with ExitStack() as stack:
        waiting = []
        for path in BODIES:
            for chunked in (False, True):
                top, body = request(key["key"], path, chunked=chunked)
                connection = stack.enter_context(connect(service))
                connection.sendall(top + body[:-5])
                waiting.append((path, chunked, connection, body[-5:]))
        service.selected()  # the heads have been read by now
        if how == "revoked":
            assert service.request("DELETE", f"/keys/{key['key_id']}").status_code == 200
        else:
            time.sleep(max(0, (ends - datetime.now(UTC)).total_seconds()) + 0.01)  # until the key has expired
        for path, chunked, connection, rest in waiting:
            connection.sendall(rest)
            ((status, answer),) = answers(connection, 1)
            assert status == 401, (path, chunked, answer)
            assert b"revoked or has expired while the body arrived" in answer, (path, chunked)
    assert service.impressions() == before
    assert service.request("GET", "/variants/b").status_code == 404


def test_a_key_that_is_still_good_is_not_counted_twice_against_its_rate(service: Serving) -> None:
    key = new_key(service, rate_limit=1)
    top, body = request(key["key"], "/variants/select", chunked=False)
    with connect(service) as connection:
        connection.sendall(top)
        service.selected()
        connection.sendall(body)
        assert answers(connection, 1)[0][0] == 200

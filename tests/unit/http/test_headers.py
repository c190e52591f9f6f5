"""Headers of every response."""

import pytest

from armful.http.headers import ResponseHeaders
from armful.http.problems import HttpProblem

ASKS = {b"origin": b"https://a.example", b"access-control-request-method": b"POST"}


def test_a_header_that_was_set_is_kept() -> None:
    headers = ResponseHeaders([], tls=False).complete([(b"Cache-Control", b"max-age=60")], b"id", None)
    assert [value for name, value in headers if name.lower() == b"cache-control"] == [b"max-age=60"]
    assert (b"x-request-id", b"id") in headers


@pytest.mark.parametrize("tls", [True, False])
def test_only_tls_brings_strict_transport_security(tls: bool) -> None:
    headers = ResponseHeaders([], tls=tls)
    assert (b"strict-transport-security: " in headers.json_lines(b"id", None)) == tls
    assert (b"strict-transport-security" in dict(headers.complete([], b"id", None))) == tls


def test_only_an_allowed_origin_is_told_so() -> None:
    headers = ResponseHeaders(["https://a.example"], tls=False)
    assert b"access-control-allow-origin: https://a.example\r\n" in headers.json_lines(b"id", ASKS[b"origin"])
    other = headers.json_lines(b"id", b"https://b.example")
    assert b"allow-origin" not in other
    assert b"vary: origin\r\n" in other


def test_a_preflight_of_another_origin_is_refused() -> None:
    assert ResponseHeaders(["*"], tls=False).preflight(ASKS)
    assert ResponseHeaders(["*"], tls=False).preflight({b"origin": b"x"}) is None
    with pytest.raises(HttpProblem, match=r"a\.example"):
        ResponseHeaders(["https://b.example"], tls=False).preflight(ASKS)

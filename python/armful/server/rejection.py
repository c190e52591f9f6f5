"""The response to bytes that armful does not serve: malformed, too many, or too large."""

from http import HTTPStatus

import msgspec

from armful.contract.problems import Problem
from armful.http.problems import HEADERS, MEDIA_TYPE
from armful.observability import request_ids


def rejection(status: int, detail: str) -> bytes:
    """Return a whole response that reports a problem and announces that the connection closes."""
    phrase = HTTPStatus(status).phrase
    body = msgspec.json.encode(Problem(title=phrase, status=status, detail=detail))
    headers = {
        **HEADERS.get(status, {}),
        "Content-Type": MEDIA_TYPE,
        "Content-Length": len(body),
        "Connection": "close",
        "X-Content-Type-Options": "nosniff",
        "X-Request-ID": request_ids.generate().decode(),
    }
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body

"""Request ids, which connect a response with its log lines and audit entries. The caller sends one, or one is generated."""

import os
import re
from itertools import count

HEADER = b"x-request-id"

_IS_SAFE = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}").fullmatch

_process = os.urandom(8).hex().encode()
_numbers = count(1)


def generate() -> bytes:
    """Generate an id that is unique among all processes."""
    return b"%b-%x" % (_process, next(_numbers))


def accept_or_generate(sent: bytes | None) -> bytes:
    """Return the id sent in `X-Request-ID` if it consists of up to 128 safe characters, else a new one."""
    return sent if sent is not None and _IS_SAFE(sent) else generate()

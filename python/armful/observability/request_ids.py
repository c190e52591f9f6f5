"""The id that a request bears in its answer, in log lines and in the audit log: the caller's own, or one made here."""

import os
import re
from itertools import count

HEADER = b"x-request-id"

_FITS = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}").fullmatch

_process = os.urandom(8).hex().encode()
_numbers = count(1)


def made() -> bytes:
    """A new id, which no other request of this or another process has."""
    return b"%b-%x" % (_process, next(_numbers))


def taken(sent: bytes | None) -> bytes:
    """The id that a caller sent in `X-Request-ID` where it is up to 128 harmless characters, else a new one."""
    return sent if sent is not None and _FITS(sent) else made()

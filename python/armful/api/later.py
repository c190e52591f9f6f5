"""An answer that is not there yet."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import Struct


class Later(Struct, frozen=True):
    """What is waited for, and what makes the answer's JSON of it, or raises what the caller is to be told."""

    waits: asyncio.Future[Any]
    finish: Callable[[Any], bytes]

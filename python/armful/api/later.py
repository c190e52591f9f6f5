"""An answer that is not there yet."""

from collections.abc import Callable

from msgspec import Struct

from armful.model import Recorded
from armful.state.job import Job


class Later(Struct, frozen=True):
    """What is waited for, and what makes the answer's JSON of it, or raises what the caller is to be told."""

    waits: Job
    finish: Callable[[list[Recorded]], bytes]

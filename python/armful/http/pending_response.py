"""An answer that is not there yet."""

from collections.abc import Callable

from msgspec import Struct

from armful.domain.outcome import CountedOutcome
from armful.ingest.pending_commit import PendingCommit


class PendingResponse(Struct, frozen=True):
    """What is waited for, and what makes the answer's JSON of it, or raises what the caller is to be told."""

    waits: PendingCommit
    finish: Callable[[list[CountedOutcome]], bytes]

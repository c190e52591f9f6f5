"""The interface through which all outcomes are counted, whether they come over HTTP or from a message broker."""

from collections.abc import Sequence
from typing import Protocol

from armful.domain.outcome import VariantOutcome
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.statement import Statement


class IngestPort(Protocol):
    """Counts outcomes durably."""

    def submit(
        self, outcomes: Sequence[VariantOutcome], statements: Sequence[Statement] = ()
    ) -> PendingCommit:
        """Count outcomes in one transaction, together with the statements.

        Await the result for the result of each outcome, in order.

        Raises:
            QueueFull: Too many outcomes are waiting.
        """

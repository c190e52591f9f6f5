"""How outcomes get in: the one way for HTTP, for message consumers, for whatever else reports what happened."""

from collections.abc import Sequence
from typing import Protocol

from armful.domain.outcome import VariantOutcome
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.statement import Statement


class IngestPort(Protocol):
    """Takes outcomes in and counts them durably."""

    def submit(
        self, outcomes: Sequence[VariantOutcome], statements: Sequence[Statement] = ()
    ) -> PendingCommit:
        """Count outcomes in one transaction, together with the statements.

        Await the result for what became of each outcome, in order.

        Raises:
            QueueFull: Too many outcomes are waiting.
        """

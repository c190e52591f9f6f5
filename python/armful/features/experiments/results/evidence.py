"""Sequential-test evidence that this process has computed but not yet written to the database."""

from armful.features.experiments.results.store import Evidence, PhaseCounts


class PendingEvidence:
    """Evidence that `EvidenceJob` will write.

    The evidence that counts is the maximum over all evaluations. A p-value that a caller has seen must not increase, so a
    request for results adds its evidence here, and the next request takes it into account. Requests never write themselves.
    """

    def __init__(self) -> None:
        self._pending: dict[tuple[int, int], Evidence] = {}

    def merge_into(self, experiment: int, counts: PhaseCounts) -> None:
        """Raise the evidence in `counts`, as read from the database, to what is pending here."""
        for name, log_e in self._pending.get((experiment, counts.phase), {}).items():
            counts.evidence[name] = max(log_e, counts.evidence.get(name, 0.0))

    def add(self, experiment: int, phase: int, evidence: Evidence, before: Evidence) -> None:
        """Add the evidence of one evaluation, where it is stronger than the evidence known `before`."""
        for name, log_e in evidence.items():
            if log_e > before.get(name, 0.0):
                pending = self._pending.setdefault((experiment, phase), {})
                pending[name] = max(log_e, pending.get(name, 0.0))

    def pending(self) -> dict[tuple[int, int], Evidence]:
        """Return a copy of all evidence to write, by experiment key and phase."""
        return {name: dict(evidence) for name, evidence in self._pending.items()}

    def discard(self, written: dict[tuple[int, int], Evidence]) -> None:
        """Discard evidence that has been written, except where stronger evidence was added in the meantime."""
        for key, evidence in written.items():
            remaining = {
                name: log_e for name, log_e in self._pending[key].items() if log_e > evidence.get(name, 0.0)
            }
            if remaining:
                self._pending[key] = remaining
            else:
                del self._pending[key]

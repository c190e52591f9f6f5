"""Evidence that looks at experiments have found and that is not in the database yet."""

from armful.features.experiments.results.store import Evidence, PhaseCounts


class FoundEvidence:
    """What this process has found and `EvidenceJob` is about to write.

    Evidence only ever counts as its maximum over all looks. Whoever has seen a result must not see it taken back, so a
    request for results leaves here what it found, and the next request takes it into account; writing is not its business.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Evidence] = {}

    def merge_into(self, experiment: int, counts: PhaseCounts) -> None:
        """Have counts that were read from the database know what was found here since."""
        for name, found in self._found.get((experiment, counts.phase), {}).items():
            counts.evidence[name] = max(found, counts.evidence.get(name, 0.0))

    def add(self, experiment: int, phase: int, evidence: Evidence, before: Evidence) -> None:
        """Note what a look has found, as far as it is stronger than `before`, what was known."""
        for name, found in evidence.items():
            if found > before.get(name, 0.0):
                noted = self._found.setdefault((experiment, phase), {})
                noted[name] = max(found, noted.get(name, 0.0))

    def pending(self) -> dict[tuple[int, int], Evidence]:
        """All that is to be written, by experiment's key and phase."""
        return {name: dict(evidence) for name, evidence in self._found.items()}

    def discard(self, written: dict[tuple[int, int], Evidence]) -> None:
        """Forget what has been written, but for what was found to be stronger meanwhile."""
        for key, evidence in written.items():
            left = {
                name: found for name, found in self._found[key].items() if found > evidence.get(name, 0.0)
            }
            if left:
                self._found[key] = left
            else:
                del self._found[key]

"""Commits that wait for variants whose rows somebody else has locked, so that all others can go on."""

from collections.abc import Collection, Iterator

from armful.ingest.pending_commit import PendingCommit


class BlockedCommits:
    """Holds pending commits until their variants are unlocked."""

    def __init__(self, interval: float) -> None:
        """Set the seconds between two checks of the locks."""
        self._interval = interval
        self._jobs: list[PendingCommit] = []
        self._check_at = 0.0
        self.variants: set[int] = set()
        """The keys of the variants that are known to be locked."""

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[PendingCommit]:
        return iter(self._jobs)

    def add(self, job: PendingCommit, variants: Collection[int], now: float) -> None:
        """Hold a commit back because these variants are locked."""
        job.taken = False
        self._jobs.append(job)
        if not self.variants:
            self._check_at = now + self._interval
        self.variants |= set(variants)

    def concerns(self, job: PendingCommit) -> bool:
        """Whether a commit counts for a variant that is known to be locked."""
        return any(variant in self.variants for variant, _, _ in job.items)

    def seconds_to_check(self, now: float) -> float | None:
        """Return the seconds until the locks must be checked; None if nothing is held back."""
        return max(0.0, self._check_at - now) if self._jobs else None

    def release(self, unlocked: Collection[int], now: float) -> list[PendingCommit]:
        """Remove and return the commits that wait for none of the other variants any more, and those that are done."""
        self.variants -= set(unlocked)
        self._check_at = now + self._interval
        released = [job for job in self._jobs if job.done or not self.concerns(job)]
        self._jobs = [job for job in self._jobs if not job.done and self.concerns(job)]
        if not self._jobs:
            self.variants.clear()
        return [job for job in released if not job.done]

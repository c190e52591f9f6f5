"""Commits that wait for a locked variant are held back until it is unlocked."""

from armful.domain.outcome import Outcome
from armful.ingest.blocked import BlockedCommits
from armful.ingest.pending_commit import PendingCommit


def job(*variants: int) -> PendingCommit:
    outcome = Outcome(impression=True, success=False)
    return PendingCommit([(variant, outcome, f"v{variant}") for variant in variants], 0.0, 1.0)


def test_it_is_empty_at_first() -> None:
    blocked = BlockedCommits(0.1)
    assert len(blocked) == 0
    assert blocked.seconds_to_check(5.0) is None
    assert not blocked.concerns(job(1))


def test_a_commit_is_released_once_none_of_its_variants_is_locked() -> None:
    blocked = BlockedCommits(0.1)
    one, both = job(1, 7), job(2, 1)
    one.taken = True
    blocked.add(one, [1], 10.0)
    blocked.add(both, [1, 2], 10.0)
    assert not one.taken
    assert list(blocked) == [one, both]
    assert blocked.concerns(job(2))
    assert not blocked.concerns(job(7))
    assert blocked.release([1], 10.1) == [one]
    assert list(blocked) == [both]
    assert blocked.release([2], 10.2) == [both]
    assert blocked.variants == set()


def test_commits_whose_callers_have_gone_are_dropped() -> None:
    blocked = BlockedCommits(0.1)
    gone = job(1)
    blocked.add(gone, [1], 0.0)
    gone.done = True
    assert blocked.release([], 0.1) == []
    assert len(blocked) == 0
    assert blocked.variants == set()


def test_the_locks_are_checked_at_intervals() -> None:
    blocked = BlockedCommits(0.1)
    blocked.add(job(1), [1], 10.0)
    assert blocked.seconds_to_check(10.0) is not None
    assert blocked.seconds_to_check(10.2) == 0
    blocked.release([], 10.2)
    assert round(blocked.seconds_to_check(10.2) or 0, 6) == 0.1

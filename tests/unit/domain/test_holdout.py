"""Who is held out: decided by the hash, and by nothing else."""

from datetime import UTC, datetime

from armful.domain.holdout import Holdout
from armful.domain.unit_hash import unit_hash

PEOPLE = [f"person {number}" for number in range(5000)]


def held_out(share: float, salt: str = "salt") -> set[str]:
    holdout = Holdout(share, salt, [], datetime.now(UTC))
    return {person for person in PEOPLE if holdout.holds_out(person)}


def test_the_share_is_held_out() -> None:
    # 250 of 5,000, with a standard deviation of 15; the ids are fixed.
    assert 190 < len(held_out(0.05)) < 310
    assert all(unit_hash("salt", person) < 0.05 for person in held_out(0.05))


def test_whoever_is_held_out_stays_so_if_the_share_grows() -> None:
    assert held_out(0.02) < held_out(0.05) < held_out(0.5)


def test_another_salt_holds_out_others() -> None:
    both = held_out(0.2) & held_out(0.2, "another")
    assert 140 < len(both) < 260  # 200 if the two are independent

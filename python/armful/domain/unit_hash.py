"""The hash by which participants are split. Any client can compute it."""

from hashlib import sha256


def unit_hash(salt: str, participant_id: str) -> float:
    """Hash a participant to a number in [0, 1) that depends only on the salt and the id."""
    digest = sha256(f"{salt}\n{participant_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

"""The hash of participants is the documented one."""

from hashlib import sha256

from armful.domain.unit_hash import unit_hash


def test_the_first_eight_bytes_of_the_digest_count() -> None:
    for salt, person in (("salt", "ada"), ("", ""), ("exp_é", "日本\n")):
        expected = int(sha256(f"{salt}\n{person}".encode()).hexdigest()[:16], 16) / 2**64
        assert unit_hash(salt, person) == expected
        assert 0 <= expected < 1

"""Request ids."""

import pytest

from armful.observability.request_ids import accept_or_generate, generate


@pytest.mark.parametrize("sent", [b"a", b"A" * 128, b"trace:1/2@x+y=z"])
def test_a_safe_id_is_accepted(sent: bytes) -> None:
    assert accept_or_generate(sent) == sent


@pytest.mark.parametrize("sent", [None, b"", b"a b", b"a\r\nb", b"a\n", b"A" * 129, b"\xff"])
def test_any_other_is_replaced(sent: bytes | None) -> None:
    assert accept_or_generate(sent) not in (sent, b"")


def test_generated_ids_differ() -> None:
    assert len({generate() for _ in range(100)}) == 100

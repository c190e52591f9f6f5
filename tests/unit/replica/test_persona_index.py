"""Personas have numbers in the order of their outcomes, and a bound."""

from armful.replica.persona_index import NOBODY, UNKNOWN, PersonaIndex


def test_personas_are_numbered_after_nobody() -> None:
    index = PersonaIndex()
    assert (index.add("dev"), index.add("ops"), index.add("dev")) == (NOBODY + 1, NOBODY + 2, NOBODY + 1)
    assert (len(index), list(index)) == (2, ["dev", "ops"])
    assert (index.number("ops"), index.number("boss")) == (NOBODY + 2, UNKNOWN)


def test_a_pool_has_a_limited_number_of_personas() -> None:
    index = PersonaIndex()
    numbers = [index.add(str(number)) for number in range(UNKNOWN + 5)]
    assert numbers[-7:] == [UNKNOWN - 1, None, None, None, None, None, None]
    assert index.number(str(UNKNOWN + 4)) == UNKNOWN


def test_it_knows_what_was_read() -> None:
    index = PersonaIndex([3])
    assert index.changed == {3}
    assert (index.version_read(3), index.named(3)) == (-1, (0, 0))
    index.set_read(3, 9)
    index.set_read(3, 4)
    index.set_named(3, 10, 2)
    assert (index.version_read(3), index.named(3)) == (9, (10, 2))

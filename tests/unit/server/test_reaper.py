"""Which connections are closed, and when: idle ones, slow ones, and those whose clients do not read."""

import pytest

from armful.server import reaper
from armful.server.reaper import ConnectionReaper


class Transport:
    def __init__(self) -> None:
        self.unread = 0
        self.ended = ""

    def get_write_buffer_size(self) -> int:
        return self.unread

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


class Connection:
    """What the reaper sees of a connection."""

    def __init__(self, *, receiving: object = None, idle: bool = False, unread: int = 0) -> None:
        self.receiving = receiving
        self.idle = idle
        self.unparsed_size = 0
        self.transport = Transport()
        self.transport.unread = unread

    @property
    def ended(self) -> str:
        return self.transport.ended


def swept(*connections: Connection, at: tuple[float, ...]) -> ConnectionReaper:
    found = ConnectionReaper(receive_timeout=10, idle_timeout=75)
    for now in at:
        found.sweep(set(connections), now)
    return found


def test_an_idle_connection_is_closed_after_its_time() -> None:
    connection = Connection(receiving="new", idle=True)
    swept(connection, at=(100, 175))
    assert connection.ended == ""
    swept(connection, at=(100, 175, 176))
    assert connection.ended == "closed"


def test_a_head_that_does_not_end_is_cut_off() -> None:
    connection = Connection(receiving="a head")
    swept(connection, at=(100, 110))
    assert connection.ended == ""
    swept(connection, at=(100, 111))
    assert connection.ended == "aborted"


def test_the_time_begins_anew_with_every_request() -> None:
    connection = Connection(receiving="first")
    found = swept(connection, at=(100, 109))
    connection.receiving = "second"
    found.sweep({connection}, 118)
    found.sweep({connection}, 128)
    assert connection.ended == ""


def test_a_request_that_is_being_served_has_no_limit() -> None:
    connection = Connection(receiving=None)
    swept(connection, at=(100, 1000))
    assert connection.ended == ""


def test_the_longest_stalled_readers_are_cut_off_until_the_rest_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "UNREAD_LIMIT", 100)
    first, second, third = Connection(unread=60), Connection(unread=30), Connection(unread=60)
    found = ConnectionReaper(receive_timeout=10, idle_timeout=75)
    found.sweep({first}, 1)
    found.sweep({first, second}, 2)
    assert [one.ended for one in (first, second)] == ["", ""]
    found.sweep({first, second, third}, 3)
    assert [one.ended for one in (first, second, third)] == ["aborted", "", ""]


def test_who_has_read_is_not_the_longest_stalled_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "UNREAD_LIMIT", 100)
    first, second = Connection(unread=60), Connection(unread=40)
    found = ConnectionReaper(receive_timeout=10, idle_timeout=75)
    found.sweep({first}, 1)
    found.sweep({first, second}, 2)
    first.transport.unread = 0
    found.sweep({first, second}, 3)
    first.transport.unread = 80
    found.sweep({first, second}, 4)
    assert [one.ended for one in (first, second)] == ["", "aborted"]


def test_requests_that_wait_unparsed_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "UNREAD_LIMIT", 100)
    connection = Connection()
    connection.unparsed_size = 101
    swept(connection, at=(1,))
    assert connection.ended == "aborted"

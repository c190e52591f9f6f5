"""Replays: what is read, what is worked out, and what a connection does where the service is busy or gone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from armful.tools._connection import Connection
from armful.tools.replay import Headline, HeadlineTest, ReplayFailed, ReplayFigures, read_tests

T = TypeVar("T")
HEADER = "test_id,variant_id,headline,impressions,clicks\n"


def test_a_file_gives_its_tests_in_order(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(f'\ufeff{HEADER}t2,a,"One, two",10,1\nt1,c,Three,4,4\nt2,b,Four,30,0\n', "utf-8")
    tests = read_tests(file)
    assert tests == [
        HeadlineTest("t2", [Headline("a", "One, two", 10, 1), Headline("b", "Four", 30, 0)]),
        HeadlineTest("t1", [Headline("c", "Three", 4, 4)]),
    ]
    assert tests[0].impressions == 40
    assert tests[0].headlines[0].rate == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test_id,variant_id,headline,impressions\n", "has no column clicks"),
        (HEADER, "holds no tests"),
        (f"{HEADER}t,a,One,10,x\n", "line 2: impressions '10' and clicks 'x' are not both whole numbers"),
        (f"{HEADER}t,a,One,10\n", "line 2: impressions '10' and clicks 'None'"),
        (f"{HEADER}t,a,One,10,1\nt,b,Two,0,0\n", "line 3: 0 clicks of 0 impressions make no click rate"),
        (f"{HEADER}t,a,One,3,4\n", "line 2: 4 clicks of 3 impressions make no click rate"),
        (f"{HEADER}t,a,One,10,1\nu,a,Two,10,1\n", "line 3: the variant_id 'a' stands on an earlier line too"),
        (f"{HEADER},a,One,10,1\n", "line 2: a test_id, a variant_id and a headline are needed"),
    ],
)
def test_a_file_that_is_no_replay_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_tests(file)


def test_gains_are_over_uniform_allocation() -> None:
    one = ReplayFigures.of(100, 7, 6.0, 4.0, 8.0)
    assert (one.gain, one.gain_share) == (2.0, 0.5)
    none = ReplayFigures.of(50, 5, 4.9999999999, 5.0, 5.0)
    assert none.gain_share is None
    total = ReplayFigures.total([one, none])
    assert (total.rounds, total.clicks) == (150, 12)
    assert total.gain_share == pytest.approx(0.5)


def serve(answers: list[bytes | None], ask: Callable[[Connection], Awaitable[T]]) -> tuple[T, list[bytes]]:
    """What `ask` gets from a server that gives these answers in turn, None for a closed connection, and the requests."""
    requests: list[bytes] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            requests.append(head + await reader.readexactly(length))
            answer = answers.pop(0)
            if answer is None:
                break
            writer.write(answer)
            if b"connection: close" in answer:
                break
        writer.close()

    async def run() -> T:
        async with await asyncio.start_server(client, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Connection(f"http://127.0.0.1:{port}/prefix/", "secret") as connection:
                return await ask(connection)

    return asyncio.run(run()), requests


def answer(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_request_says_what_it_must() -> None:
    got, (request,) = serve([answer(200, b'{"a":1}')], lambda one: one.ask("POST", "/x", {"b": "é"}))
    assert got == {"a": 1}
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /prefix/x HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nauthorization: Bearer secret\r\n" in head
    assert body == '{"b":"é"}'.encode()


def test_one_connection_serves_many_requests_and_a_new_one_where_the_server_closes_it() -> None:
    async def several(connection: Connection) -> list[int]:
        return [await connection.ask("GET", f"/{number}") for number in range(3)]

    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n4\r\n1\r\n2\r\n0\r\n\r\n"
    answers = [answer(200, b"1", "connection: close"), chunked, answer(200, b"3")]
    assert serve(list(answers), several)[0] == [1, 42, 3]


def test_a_busy_or_lost_service_is_asked_again() -> None:
    busy = answer(503, b'{"detail":"busy"}')
    got, requests = serve([busy, None, answer(429, b""), answer(200, b"5")], lambda one: one.ask("GET", "/x"))
    assert got == 5
    assert len(set(requests)) == 1
    assert len(requests) == 4


def test_what_must_not_be_done_twice_is_not_asked_twice() -> None:
    busy = answer(503, b"")
    with pytest.raises(ReplayFailed, match="can't be reached: the connection was closed"):
        serve([busy, None], lambda one: one.ask("POST", "/variants", {}, repeatable=False))


@pytest.mark.parametrize(
    ("answered", "message"),
    [
        (answer(401, b'{"detail":"The key is unknown"}'), "GET /x was answered 401: The key is unknown"),
        (answer(404, b"<html>"), "GET /x was answered 404: <html>"),
        (answer(200, b"<html>"), "GET /x was answered with no JSON"),
    ],
)
def test_a_refusal_is_a_sentence(answered: bytes, message: str) -> None:
    with pytest.raises(ReplayFailed, match=message):
        serve([answered], lambda one: one.ask("GET", "/x"))


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no URL of a service"):
        Connection(url, "k")

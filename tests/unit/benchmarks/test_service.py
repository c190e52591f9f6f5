"""What the service's benchmarks say about what they measured; the measuring itself is `make bench`."""

import asyncio
from typing import Any

import msgspec
import pytest
from benchmarks import figures
from benchmarks.peers import bare
from benchmarks.service import inputs, report
from benchmarks.service.comparison import Case, Contender, compare
from benchmarks.service.load import Measured, Request
from benchmarks.service.servers import Cores, Server


def test_a_request_is_encoded_as_it_goes_over_the_wire() -> None:
    head, body = Request("POST", "/variants/select", {"top_k": 1}).encode("secret").split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /variants/select HTTP/1.1"
    assert b"Authorization: Bearer secret" in lines
    assert b"Content-Length: 11" in lines
    assert body == b'{"top_k":1}'
    assert Request("GET", "/variants").encode("secret").endswith(b"\r\n\r\n")


def test_ratios_are_medians_of_ratios_within_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {1: iter([1.0, 100.0, 200.0, 400.0]), 2: iter([1.0, 50.0, 160.0, 100.0])}

    def measured(port: int, *_: object) -> Measured:
        return Measured(next(rates[port]), 1.0, 2.0, 3.0)

    monkeypatch.setattr("benchmarks.service.comparison.load", measured)
    contenders = {name: Contender(Server(port, 0, 0), []) for name, port in (("bare", 1), ("armful", 2))}
    (result,) = compare([Case("select", 16, contenders, {"bare": 0.6})], Cores(None, None), 3, 1)
    assert result.ratios == {"bare": 0.5}  # of 0.5, 0.8 and 0.25; the first second warms up
    assert result.measured["armful"].per_second == 100
    table = report.requests([result])
    assert "| select |" in table
    assert "0.50" in table
    assert "0.6" in table


def test_tables_are_markdown_with_numbers_to_the_right() -> None:
    assert report.table(["what", "ms"], [["results", "9.5"], ["start", "12.0"]]).splitlines() == [
        "| what    |   ms |",
        "| ------- | ---: |",
        "| results |  9.5 |",
        "| start   | 12.0 |",
    ]


def test_inputs_name_the_variants_that_are_created() -> None:
    created = {
        variant["variant_id"]
        for request in inputs.creations(0, 25_000)
        for variant in request.body["variants"]
    }
    assert len(created) == 25_000
    assert all(request.path.split("/")[2] in created for request in inputs.reports(100))
    assert {update["variant_id"] for update in inputs.batches(50, 10)[0].body["updates"]} <= created
    assert all(
        0 <= variant["successes"] <= variant["impressions"]
        for request in inputs.creations(0, 2_500)
        for variant in request.body["variants"]
    )


def test_the_bare_application_reads_the_body_and_answers_as_many_bytes() -> None:
    messages = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(bare.app({"type": "http", "path": "/120"}, receive, send))
    assert not messages
    assert sent[0]["status"] == 200
    assert len(sent[1]["body"]) == 120
    msgspec.json.decode(sent[1]["body"])


def test_the_pages_show_the_figures_that_are_kept() -> None:
    written = figures.blocks(figures.KEPT)
    for page in figures.PAGES:
        text = page.read_text("utf-8")
        assert figures.write_into(text, written) == text, f"{page.name}: write it anew with `make figures`"


def test_blocks_are_written_between_their_markers_and_others_stay() -> None:
    text = "a\n<!-- one: begin -->\nold\n<!-- one: end -->\n<!-- two: begin -->\nkept\n<!-- two: end -->\n"
    assert figures.write_into(text, {"one": "new", "three": "none"}) == text.replace("old", "new")

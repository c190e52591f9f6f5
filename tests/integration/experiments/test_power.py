"""`GET /power` and `armful power`."""

import re

import pytest
from tests.conftest import Running
from tests.integration.contract import problem

from armful.cli.power import power as power_command


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("baseline=0.08&mde=0.04", 882),
        ("baseline=0.08&mde=0.04&alpha=0.04", 942),
        ("baseline=0.08&mde=0.5&relative=true&alpha=0.05", 882),
        ("baseline=0.05&mde=0.01&alpha=0.05", 8158),
        ("baseline=0.10&mde=0.01&alpha=0.05", 14751),
        ("baseline=0.04&mde=0.02&alpha=0.05", 1863),
    ],
)
def test_power(shared: Running, query: str, expected: int) -> None:
    answer = shared.client.get(f"/power?{query}&daily_participants=100").json()
    assert answer["sample_size_per_variant"] == expected
    assert answer["total_sample_size"] == 2 * expected
    assert answer["days"] == -(-2 * expected // 100)
    assert answer["planned_end_alpha"] == 0.04
    assert answer["always_valid_sample_sizes"] is None


def test_power_of_an_uneven_split_and_of_the_sequential_test(shared: Running) -> None:
    answer = shared.client.get(
        "/power?baseline=0.08&mde=0.04&shares=0.5&shares=0.3&shares=0.2&always_valid=true"
    ).json()
    assert answer["variants"] == 3
    assert answer["alpha"] == 0.05
    assert answer["always_valid_alpha"] == 0.01
    for sizes in (answer["sample_sizes"], answer["always_valid_sample_sizes"]):
        assert [size / sum(sizes) for size in sizes] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert (
        sum(answer["always_valid_sample_sizes"]) > answer["total_sample_size"] == sum(answer["sample_sizes"])
    )


def test_power_of_a_number_and_of_participants_with_several_impressions(shared: Running) -> None:
    number = "type=number&baseline=20&mde=0.1&relative=true&standard_deviation=20&alpha=0.05"
    # 2 (1.96 + 0.84)² (20 / 2)² + 1.96² / 4
    assert shared.client.get(f"/power?{number}").json()["sample_size_per_variant"] == 1571
    people = "baseline=0.08&mde=0.04&alpha=0.05&impressions_per_participant=10&icc=0.1"
    assert shared.client.get(f"/power?{people}").json()["sample_size_per_variant"] == 168


@pytest.mark.parametrize(
    "query",
    [
        "baseline=0&mde=0.1",
        "baseline=0.5&mde=0",
        "baseline=0.5&mde=0.1&type=number",
        "baseline=0.5&mde=0.1&standard_deviation=0",
        "baseline=0.5&mde=0&type=number&standard_deviation=1",
        "baseline=0.5&mde=0.1&type=number&standard_deviation=1&icc=0.1",
        "baseline=0.5&mde=0.1&shares=0.5&shares=0.4",
        "baseline=nan&mde=0.1&type=number&standard_deviation=1",
        "baseline=0.5&mde=0.6",
        "baseline=0.1&mde=0.1&power=1",
        "baseline=0.1&mde=0.1&daily_participants=0",
        "baseline=0.8&mde=2e-313",
        "baseline=0.8&mde=1e-9&variants=1000",
        "baseline=0.1&mde=0.1&daily_participants=1e-300",
    ],
)
def test_power_out_of_range(shared: Running, query: str) -> None:
    problem(shared.client.get(f"/power?{query}"), 400)


def test_power_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    power_command(
        ["--baseline", "0.08", "--mde", "0.04", "--daily-participants", "100"], standalone_mode=False
    )
    assert capsys.readouterr().out == "882 participants a variant, 1,764 in all\n18 days\n"


def test_power_of_the_sequential_test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    power_command(
        ["--baseline", "0.08", "--mde", "0.04", "--share", "0.6", "--share", "0.4", "--always-valid"],
        standalone_mode=False,
    )
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"1,\d{3} / 7\d\d participants a variant, 1,8\d\d in all", first)
    assert re.fullmatch(r"\d,\d{3} / \d,\d{3} a variant for the sequential test", second)

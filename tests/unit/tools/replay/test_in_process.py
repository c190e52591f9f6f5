"""Replays in this process."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from armful.cli.replay import replay as command
from armful.tools.replay import Headline, HeadlineTest, replay_in_process, shrunken_rates
from armful.tools.simulate import Learning, World

PLAIN, NOW = Learning(), World()


def drawn_tests(count: int, spread: float, impressions: int = 3000) -> list[HeadlineTest]:
    """Tests of four headlines, whose log-odds differ by a normal number with this standard deviation."""
    rng = np.random.default_rng(1)
    tests = []
    for number in range(count):
        rates = 1 / (1 + np.exp(3 - rng.normal() / 2 - spread * rng.normal(size=4)))
        clicks = rng.binomial(impressions, rates)
        headlines = [
            Headline(f"{number}-{place}", "A headline", impressions, int(count))
            for place, count in enumerate(clicks)
        ]
        tests.append(HeadlineTest(f"test {number}", headlines))
    return tests


def test_the_figures_add_up_and_learning_gains_more() -> None:
    tests = drawn_tests(8, 0.3)
    seen: list[int] = []
    plain = replay_in_process(tests, learning=PLAIN, world=NOW, runs=10, rounds=4000, progress=seen.append)
    sharp = replay_in_process(tests, learning=Learning(sharpness=3.0), world=NOW, runs=10, rounds=4000)
    assert seen == [4000] * 8
    assert plain.total.rounds == 32_000
    assert plain.total.best_clicks == pytest.approx(
        sum(4000 * max(h.rate for h in t.headlines) for t in tests)
    )
    assert plain.total.gain_share is not None
    assert sharp.total.gain_share is not None
    assert 0.3 < plain.total.gain_share < sharp.total.gain_share < 1
    again = replay_in_process(tests, learning=PLAIN, world=NOW, runs=10, rounds=4000)
    assert again == plain


def test_late_clicks_cost_less_with_a_curve() -> None:
    tests, late = drawn_tests(8, 0.3), World(delay=2000.0, window=8000)
    share = {
        kind: replay_in_process(tests, learning=Learning(late=kind), world=late, runs=20).total.gain_share
        or 0
        for kind in ("failure", "curve")
    }
    assert share["curve"] > share["failure"] + 0.05


def test_rates_are_shrunk_to_the_mean_of_their_test() -> None:
    """With a true spread of nothing, what is left of the observed spread is small; with a large one, nearly all."""
    for spread, low, high in ((0.0, 0.0, 0.3), (0.6, 0.9, 1.0)):
        tests = drawn_tests(40, spread, 1000)
        plain = [np.array([one.rate for one in test.headlines]) for test in tests]
        kept = np.sum([rates.std() for rates in shrunken_rates(tests)]) / np.sum(
            [rates.std() for rates in plain]
        )
        assert low <= kept <= high


def test_the_command_needs_no_service(tmp_path: Path) -> None:
    file, out = tmp_path / "tests.csv", tmp_path / "report.json"
    lines = ["test_id,variant_id,headline,impressions,clicks", "t,a,One,400,40", "t,b,Two,400,8"]
    file.write_text("\n".join(lines), "utf-8")
    options = [
        "--in-process",
        "--runs",
        "5",
        "--sharpness",
        "2",
        "--delay",
        "10",
        "--late",
        "curve",
        "--shrunken",
    ]
    result = CliRunner().invoke(command, [str(file), *options, "--json", str(out)])
    assert result.exit_code == 0, result.output
    assert "5 runs of 800 rounds; seed 1" in result.output
    report = json.loads(out.read_bytes())
    assert report["learning"]["sharpness"] == 2
    assert report["world"]["delay"] == 10
    assert report["shrunken"] is True
    assert report["total"]["rounds"] == 800


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sharpness", "2"], "--sharpness needs --in-process"),
        (["--in-process", "--priors", "features"], "Headlines have no features"),
    ],
)
def test_refusals(tmp_path: Path, options: list[str], message: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text("test_id,variant_id,headline,impressions,clicks\nt,a,One,4,1\n", "utf-8")
    result = CliRunner().invoke(command, [str(file), *options])
    assert result.exit_code == 2
    assert message in result.output

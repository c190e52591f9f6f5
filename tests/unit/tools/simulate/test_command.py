"""`armful simulate`: a table, a picture, JSON, and a clean end."""

import json
import signal
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from armful.cli._format import percent
from armful.cli.simulate import simulate as command
from armful.tools.simulate import Contest, NoMatplotlib, compare, draw

SMALL = ["--horizon", "300", "--runs", "20"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, *SMALL])


def test_the_table_has_every_policy_and_the_figures_of_the_json(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    result = run("--rates", "0.03, 0.05,0.08", "--policies", "random,thompson", "--json", str(out))
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_bytes())
    assert figures["rates"] == [0.03, 0.05, 0.08]
    assert [one["policy"] for one in figures["outcomes"]] == ["thompson", "random"]
    for one in figures["outcomes"]:
        line = next(line for line in result.stdout.splitlines() if one["policy"] in line)
        assert f" {one['regret']:,.1f} " in line
        assert f" {percent(one['best_share'])} " in line
    assert "20 runs of 300 steps, seed 1" in result.stdout


def test_arms_are_drawn_from_the_prior(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    result = run("--arms", "4", "--prior", "5,5", "--seed", "9", "--policies", "random", "--json", str(out))
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_bytes())["rates"] == np.random.default_rng(9).beta(5, 5, size=4).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give either --rates or --arms"),
        (["--rates", "0.1", "--arms", "3"], "Give either --rates or --arms"),
        (["--rates", "a,b"], "'a,b' is not a list of numbers"),
        (["--rates", "0.1", "--policies", "best"], "'best' is not a policy"),
        (["--arms", "3", "--prior", "2"], "must be two numbers above 0"),
        (["--rates", "0.1", "--plot", "x.pdf"], "must end in .png or .svg"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_a_rate_that_is_none_is_named() -> None:
    assert "rates[1] is 2" in str(run("--rates", "0.1,2").exception)


@pytest.fixture(scope="module")
def contest() -> Contest:
    return compare([0.05, 0.1], ["thompson", "random"], horizon=300, runs=20, seed=1)


def test_a_picture_is_what_its_name_says(contest: Contest, tmp_path: Path) -> None:
    draw(contest, tmp_path / "regret.png")
    head = (tmp_path / "regret.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == (1200, 720)

    draw(contest, tmp_path / "regret.SVG")
    words = " ".join(ET.parse(tmp_path / "regret.SVG").getroot().itertext())
    assert f"random: {contest.outcomes[-1].regret:.1f}" in words
    assert f"Lai-Robbins slope: {contest.lai_robbins:.3g} ln t" in words


def test_the_same_contest_gives_the_same_picture(contest: Contest, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(contest, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_arms_that_are_all_alike_can_be_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "flat.svg"
    draw(compare([0.1, 0.1], ["thompson"], horizon=1, runs=1, seed=1), picture)
    assert "<svg" in picture.read_text("utf-8")


def test_without_matplotlib_there_is_a_sentence(contest: Contest, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NoMatplotlib, match=r"pip install 'armful\[plot\]'"):
        draw(contest, tmp_path / "x.png")


def test_a_picture_of_another_kind_is_refused(contest: Contest) -> None:
    with pytest.raises(ValueError, match=r"ends neither in \.png nor in \.svg"):
        draw(contest, "regret.pdf")


def test_ctrl_c_ends_it_at_once_and_without_a_trace(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    process = subprocess.Popen(
        [
            *(
                sys.executable,
                "-c",
                "import sys; from armful.cli import main, simulate; sys.stderr.write('.'); main()",
            ),
            *(
                "simulate",
                "--rates",
                "0.1,0.2",
                "--horizon",
                "100000000",
                "--runs",
                "1000",
                "--json",
                str(out),
            ),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.read(1) == "."
        # Long before it is done.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
    assert not out.exists()

"""The options for how a policy learns."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from armful.cli.simulate import simulate

SMALL = ["--horizon", "300", "--runs", "5", "--policies", "thompson_learning"]


def test_the_options_reach_the_simulation(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    options = (
        "--sharpness 2 --priors features --known-horizon --late curve --half-life 500 --delay 20 --window 90"
    )
    world = "--arms 6 --dimensions 2 --arriving --drift 0.01"
    result = CliRunner().invoke(simulate, [*options.split(), *world.split(), *SMALL, "--json", str(out)])
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_bytes())
    assert figures["learning"] == {
        "sharpness": 2.0,
        "priors": "features",
        "known_horizon": True,
        "late": "curve",
        "half_life": 500.0,
    }
    assert len(figures["world"].pop("features")) == 6
    assert figures["world"] == {"arriving": True, "delay": 20.0, "window": 90, "drift": 0.01, "noise": 0.0}
    assert "Lai" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sharpness", "0"], "0.0 is not in the range 0<x<=100"),
        (["--late", "never"], "'never' is not one of 'failure'"),
        (["--half-life", "nan"], "nan"),
        (["--priors", "features"], "--priors features needs --arms and --dimensions"),
    ],
)
def test_refusals(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(simulate, ["--rates", "0.1,0.2", *arguments, *SMALL])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())

"""README.md's examples, run in order against a service that was started as it says, give what it shows."""

import doctest
import json
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.processes import Serving, serving

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8000"
END = "--- end of an example ---"


def blocks(*languages: str) -> list[tuple[str, str]]:
    """The fenced blocks in these languages, in order: (language, text)."""
    return re.findall(rf"^```({'|'.join(languages)})\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def differences(shown: Any, got: Any, where: str = "") -> list[str]:
    """Where an answer is not what is shown of it: "…" stands for any text, a number for what rounds to it."""
    if shown == "…":
        return []
    if isinstance(shown, dict) and isinstance(got, dict):
        return [
            line
            for key in shown
            for line in differences(shown[key], got.get(key, "nothing"), f"{where}.{key}")
        ]
    if isinstance(shown, list) and isinstance(got, list) and len(shown) == len(got):
        return [
            line
            for number, (one, other) in enumerate(zip(shown, got, strict=True))
            for line in differences(one, other, f"{where}[{number}]")
        ]
    if isinstance(shown, Decimal) and isinstance(got, Decimal):
        got = got.quantize(shown)
    return [] if shown == got else [f"{where}: shown {shown}, is {got}"]


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("readme") / "armful-data") as running:
        yield running


@pytest.fixture
def folder(service: Serving) -> Path:
    """The folder that `make serve` was run in, so to speak."""
    return Path(re.findall(r"Data folder +(.+)", service.said)[0]).parent


def test_what_armful_serve_says_is_what_is_shown(service: Serving) -> None:
    shown = blocks("console")[0][1]
    for line in service.said.splitlines():
        label = line.strip().rsplit("  ", 1)[0]
        assert label in shown, line


def test_the_conversation_goes_as_shown(service: Serving, folder: Path) -> None:
    examples = blocks("sh", "json")
    script = "".join(f"{text}\necho; echo '{END}'\n" for language, text in examples if language == "sh")
    run = subprocess.run(
        ["bash", "-eu", "-c", script.replace(ADDRESS, service.url)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [answer.strip() for answer in run.stdout.split(END)[:-1]]
    number = -1
    for language, text in examples:
        if language == "sh":
            number += 1
            assert "problem" not in answers[number], answers[number]
            assert '"status":4' not in answers[number], answers[number]
        else:
            assert differences(parsed(text), parsed(answers[number])) == [], answers[number]


def test_the_python_examples_give_what_is_shown(
    service: Serving, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    said: list[str] = []
    for number, (_, text) in enumerate(blocks("python")):
        example = doctest.DocTestParser().get_doctest(
            text.replace(ADDRESS, service.url), {}, f"example {number}", "README.md", 0
        )
        assert example.examples, "an example without a prompt is not run"
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)

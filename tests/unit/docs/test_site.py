"""The documentation: its site can be built, asks no other host for anything, and its figures are right."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from docs.site import api as api_page
from docs.site import check, stage
from docs.site.__main__ import ROOT, build
from docs.site.curves import TEN_ARMS
from scipy.stats import beta

from armful import core
from armful.tools.simulate import compare

CONCEPTS = (ROOT / "docs" / "concepts.md").read_text("utf-8")


class Page(HTMLParser):
    """What a page links to, what it shows, and the anchors it has."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "img":
            self.pictures.append(found["src"])
        if "id" in found:
            self.anchors.add(found["id"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    build(folder / "site", folder / "work")
    return folder / "site"


def test_the_site_is_whole(site: Path) -> None:
    pages = {file.relative_to(site): Page(file) for file in site.rglob("*.html") if file.name != "404.html"}
    assert len(pages) > 20
    for name, page in pages.items():
        for link in [*page.links, *page.pictures]:
            if "://" in link or link.startswith(("mailto:", "data:")):
                continue
            path, _, anchor = link.partition("#")
            target = (site / name.parent / path).resolve() if path else site / name
            assert (target / "index.html" if target.is_dir() else target).is_file(), f"{name} links to {link}"
            if anchor and target.suffix == ".html" and anchor != "__skip":
                assert anchor in pages[target.relative_to(site.resolve())].anchors, f"{name} links to {link}"


def test_every_endpoint_field_command_and_decision_has_its_place(site: Path) -> None:
    api = json.loads((site / "openapi.json").read_text())
    reference = (site / "api.html").read_text("utf-8")
    for path, methods in api["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}<" in reference
    for name, schema in api["components"]["schemas"].items():
        assert "." not in name, f"two structs of the API have the name of {name}"
        assert f'id="{api_page.anchor(name)}"' in reference
        for field in schema.get("properties", ()):
            assert f"<code>{field}</code>" in reference
    commands = (site / "commands.html").read_text("utf-8")
    for command in ("serve", "demo", "watch", "simulate", "replay", "keys create", "import"):
        assert f">armful {command}<" in commands
    python = (site / "python.html").read_text("utf-8")
    for name in (*core.__all__, "track_performance", "get_results", "SelectFields", "compare"):
        assert f">{name}<" in python, name
    index = (site / "decisions" / "index.html").read_text("utf-8")
    for note in (ROOT / "docs" / "decisions").glob("*.md"):
        assert f"{note.stem}.html" in index
    assert "POST /variants/select" not in (site / "index.html").read_text("utf-8")
    assert "First requests" in (site / "quickstart.html").read_text("utf-8")
    assert "ARMFUL_DATABASE_URL" in (site / "configuration.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", '<script async src="https://cdn.example/x.js"></script>'),
        ("a.html", "<img alt=x src=//cdn.example/x.png>"),
        ("a.html", '<link rel="stylesheet" href="https://fonts.example/css">'),
        ("a.html", '<link href="https://fonts.example" rel=preconnect>'),
        ("a.html", "<style>@import 'https://fonts.example/css';</style>"),
        ("a.css", "body { background: url( 'http://cdn.example/x.png') }"),
    ],
)
def test_what_would_be_fetched_from_another_host_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=f"{name} would load something from another host"):
        check.no_other_host(tmp_path)


def test_what_a_reader_follows_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="canonical" href="https://x"><a href="https://x">x</a><img src="data:,x"><script src="a.js">'
    )
    check.no_other_host(tmp_path)
    (tmp_path / "b.html").write_text('<img src="https://x/y.png">')
    with pytest.raises(ValueError, match=r"b\.html"):
        check.no_other_host(tmp_path)


def test_a_broken_link_ends_the_build(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import subprocess

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[gone](gone.md)\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    words = [
        sys.executable,
        "-m",
        "zensical",
        "build",
        "--strict",
        "--config-file",
        str(tmp_path / "mkdocs.yml"),
    ]
    assert subprocess.run(words, cwd=tmp_path, check=False).returncode != 0
    assert "page does not exist" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("page", "written", "led"),
    [
        ("docs/a.md", "[b](b.md#c)", "[b](b.md#c)"),
        ("docs/a.md", "[`tests`](../tests): held", "`tests`: held"),
        (
            "docs/a.md",
            "[how](../README.md#configuration) and [who](../CONTRIBUTING.md)",
            "[how](configuration.md) and [who](contributing.md)",
        ),
        ("docs/a.md", "[why](decisions)", "[why](decisions/index.md)"),
        ("docs/a.md", "[x](https://x.example/a.md) [y](#y)", "[x](https://x.example/a.md) [y](#y)"),
        ("docs/decisions/n.md", "[b](../b.md) [home](../../README.md)", "[b](../b.md) [home](../index.md)"),
        ("README.md", "[b](docs/b.md#c) ![p](docs/images/p.png)", "[b](b.md#c) ![p](images/p.png)"),
        ("clients/typescript/README.md", "[x](examples/x.tsx) [b](../../docs/b.md)", "x [b](b.md)"),
        ("README.md", "[it](LICENSE)\n```\n[it](LICENSE)\n```\n", "it\n```\n[it](LICENSE)\n```\n"),
    ],
)
def test_links_lead_to_where_their_targets_are_in_the_site(
    tmp_path: Path, page: str, written: str, led: str
) -> None:
    root, pages = tmp_path / "root", tmp_path / "pages"
    for name in (
        "docs/a.md",
        "docs/b.md",
        "docs/decisions/n.md",
        "docs/images/p.png",
        "README.md",
        "LICENSE",
        "CONTRIBUTING.md",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    for name in (
        "a.md",
        "b.md",
        "decisions/n.md",
        "decisions/index.md",
        "images/p.png",
        "index.md",
        "configuration.md",
        "contributing.md",
    ):
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).touch()
    inner = Path(page).relative_to("docs") if page.startswith("docs/") else Path("index.md")
    assert stage.rewritten(written, (root / page).parent, root, pages, inner) == led


def percent(chance: float, digits: int) -> str:
    return f"{100 * chance:.{digits}f} %"


def test_chances_in_the_text_are_exact() -> None:
    rows = {
        ((4, 1), (5, 1), (3, 1)): 1,
        ((25, 11), (45, 6), (15, 21)): 2,
    }
    for arms, digits in rows.items():
        chances = core.probability_best([float(a) for a, _ in arms], [float(b) for _, b in arms])
        for (a, b), chance in zip(arms, chances, strict=True):
            shown = percent(chance, 5 if chance < 0.001 else digits)
            assert f"Beta({a}, {b}): {shown}" in CONCEPTS
    last = core.probability_best([250.0, 400.0, 180.0], [150.0, 100.0, 220.0])
    assert round(last[0] * 1e9) == 3
    assert "Beta(250, 150): 3 in 10⁹" in CONCEPTS
    assert last[2] < 1e-20
    # The impressions that these posteriors come from.
    for sentence in ("24 of 34, 44 of 49, 14 of 34", "249 of 398, 399 of 498, 179 of 398"):
        assert sentence in CONCEPTS
    assert 34 + 49 + 34 == 117
    assert 398 + 498 + 398 == 1294
    assert "A is the best with a probability of 1.41 %" in CONCEPTS
    assert 1 / core.probability_best([25.0, 45.0, 15.0], [11.0, 6.0, 21.0])[0] == pytest.approx(70, abs=2)


def test_posteriors_in_the_text_are_right() -> None:
    assert beta(5, 1).interval(0.95) == pytest.approx((0.478, 0.995), abs=5e-4)
    assert "reaches from 0.478 to 0.995" in CONCEPTS
    assert CONCEPTS.count("is only 26 %") + CONCEPTS.count("is 26 %") == 2
    assert beta(5, 1).cdf(0.9) - beta(5, 1).cdf(0.8) == pytest.approx(0.26, abs=0.005)
    assert beta(1, 5).cdf(0.2) - beta(1, 5).cdf(0.1) == pytest.approx(0.26, abs=0.005)
    assert beta(5, 1).mean() == pytest.approx(0.83, abs=0.005)
    assert beta(121, 881).mean() == pytest.approx(0.1208, abs=5e-5)
    assert beta(121, 881).interval(0.95) == pytest.approx((0.101, 0.142), abs=5e-4)
    assert "Its mean is 0.1208, and its 95 % interval reaches from\n0.101 to 0.142" in CONCEPTS


def test_regret_in_the_text_is_right() -> None:
    """Within 4 standard errors of the mean over 200 runs."""
    said = re.findall(r"^\| (.+?) \| (?:about )?([\d,]+) \|$", CONCEPTS, re.MULTILINE)
    policies = {
        "Thompson sampling": "thompson",
        "ε-greedy, 10 % of the steps at random": "epsilon_greedy",
        "UCB1": "ucb1",
        "at random": "random",
    }
    figures = {name: float(figure.replace(",", "")) for name, figure in said}
    assert set(figures) == set(policies)
    outcomes = compare(TEN_ARMS, list(policies.values()), horizon=20_000, runs=200, seed=11).outcomes  # type: ignore[arg-type]
    for outcome in outcomes:
        (name,) = (name for name, policy in policies.items() if policy == outcome.policy)
        assert outcome.regret == pytest.approx(figures[name], abs=4 * outcome.standard_error)


def test_failures_must_be_counted() -> None:
    """Without them regret was 2.6 times as large over 60 runs, with a standard error of 0.2."""
    rates, random, runs = np.array(TEN_ARMS), np.random.default_rng(1), 60
    alpha, rows, regret = np.ones((runs, 10)), np.arange(runs), np.zeros(runs)
    for _ in range(20_000):
        chosen = random.beta(alpha, 1.0).argmax(axis=1)
        alpha[rows, chosen] += random.random(runs) < rates[chosen]
        regret += 0.1 - rates[chosen]
    assert regret.mean() > 2 * 90.5
    assert "the regret is then more than twice as large" in CONCEPTS

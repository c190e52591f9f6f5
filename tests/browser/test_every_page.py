"""What holds of every page: legible to assistive technology, within a phone's width, usable by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Watched, missing
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.test_experiments import start

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
PAGES = [
    "/variants",
    "/variants/a",
    "/experiments",
    "/experiments/new",
    "{experiment}",
    "/live",
    "/how-it-works",
]


@pytest.fixture(scope="module")
def filled(shared: Running) -> str:
    """The address of an experiment's page, in a service with something on every page."""
    client = shared.client
    create(
        client,
        {
            "variant_id": "a",
            "dimensions": {"tone": "casual"},
            "content": "Hello",
            "impressions": 900,
            "successes": 90,
        },
        {"variant_id": "b", "dimensions": {"tone": "formal"}, "impressions": 900, "successes": 110},
        "a-variant-with-a-name-so-long-that-it-has-to-be-broken-somewhere-or-cut-at-the-end-of-its-place",
    )
    started = start(
        client,
        description="We expect b to win.",
        target_persona="p",
        success_metrics=["m", "clicked"],
        guardrail_metrics=["unsubscribed"],
    )
    for n in range(120):
        report(
            client,
            "ab"[n % 2],
            success=n % 7 == 0,
            participant_id=f"p{n}",
            persona_id="p",
            metrics={"m": n % 7 == 0, "clicked": n % 14 == 0, "unsubscribed": n % 40 == 0},
        )
    client.patch("/variants/a", json={"content": "Hello again"})
    return f"/experiments/{started}"


@pytest.fixture(params=["light", "dark", "narrow"])
def look(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Watched]:
    options: dict[str, Any] = {"color_scheme": "dark" if request.param == "dark" else "light"}
    if request.param == "narrow":
        options["viewport"] = {"width": 360, "height": 760}
    context = Watched(browser, reduced_motion="reduce", **options)
    yield context
    context.close()


def settled(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator(".skeleton")).to_have_count(0)


def complaints(page: Page) -> list[str]:
    """What axe finds, whatever its impact."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def test_axe_finds_nothing_and_nothing_overflows(shared: Running, filled: str, look: Watched) -> None:
    if not AXE.is_file():
        missing("axe is not installed: make dashboard")
    page = look.open(shared)
    page.get_by_label("API key").wait_for()
    assert complaints(page) == []
    page = look.signed_in(shared)
    for path in PAGES:
        page.goto(f"{shared.url}/dashboard{path.format(experiment=filled)}")
        settled(page)
        assert complaints(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    look.expected.append("404")
    for path in ("/variants/nobody", "/experiments/none", "/nowhere"):
        page.goto(f"{shared.url}/dashboard{path}")
        page.get_by_role("heading", level=1).wait_for()
        assert complaints(page) == [], path
    page.goto(f"{shared.url}/dashboard/variants")
    page.get_by_role("button", name="New variant").click()
    page.get_by_text("What is known before").click()
    assert complaints(page) == []
    page.goto(f"{shared.url}/dashboard/experiments/new?variant=a&variant=b")
    page.get_by_text("Adaptive.").click()
    page.get_by_text("More settings").click()
    page.get_by_text("Say when the leader").click()
    page.get_by_role("button", name="Start the experiment").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{shared.url}/dashboard{filled}")
    for button in ("Stop", "Promote…"):
        page.get_by_role("button", name=button, exact=True).click()
        assert complaints(page) == [], button
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("region", name="Segments").get_by_role("table").wait_for()
    for figures in page.get_by_text("Show the figures").all():
        figures.click()
    assert complaints(page) == []


def test_the_keyboard_reaches_everything(shared: Running, filled: str, watched: Watched) -> None:
    page = watched.signed_in(shared, "/variants")
    settled(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_role("button", name="New variant").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Success rate").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("Wilson score interval")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Success rate")).to_have_attribute("aria-sort", "descending")


def test_a_dialog_gives_the_focus_back(shared: Running, filled: str, watched: Watched) -> None:
    page = watched.signed_in(shared, filled)
    for leave in ("Escape", "Go on"):
        page.get_by_role("button", name="Stop", exact=True).focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            dialog.get_by_role("button", name=leave).press("Enter")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()


def test_the_first_load_is_small(shared: Running, filled: str, watched: Watched) -> None:
    page = watched.signed_in(shared)
    page.reload()
    settled(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').map(({name, encodedBodySize}) => [name, encodedBodySize])"
    )
    files = {name: size for name, size in sizes if "/dashboard/" in name}
    assert any(name.endswith(".js") for name in files)
    assert sum(files.values()) <= 300_000, files


def test_a_chosen_theme_stays(shared: Running, watched: Watched) -> None:
    page = watched.signed_in(shared)
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_explanation_can_be_played_with(shared: Running, watched: Watched) -> None:
    page = watched.signed_in(shared, "/how-it-works")
    curves = page.get_by_role("region", name="A curve for what is known")
    expect(curves).to_contain_text("26")
    expect(curves).to_contain_text("tail to the left")
    curves.get_by_role("button", name="0 of 4 worked").click()
    expect(curves).to_contain_text("tail to the right")
    curves.get_by_label("α = successes").press("ArrowRight")
    expect(curves).to_contain_text("28.6")
    drawing = page.get_by_role("region", name="Draw from each curve")
    for text in ("1.41", "98.59", "0.00005"):
        expect(drawing).to_contain_text(text)
    drawing.get_by_role("button", name="After 9 leads").click()
    for text in ("33.33", "41.67", "25.00"):
        expect(drawing).to_contain_text(text)
    drawing.get_by_role("button", name="Draw once").click()
    expect(drawing).to_contain_text("is shown.")
    drawing.get_by_role("button", name="Draw 1,000 times").click()
    expect(drawing).to_contain_text("Shown in 1,001 draws")
    playing = page.get_by_role("region", name="Watch it learn")
    playing.get_by_role("button", name="Play", exact=True).click()
    expect(playing).to_contain_text("round 2,000 of 2,000")
    playing.get_by_role("button", name="Average of 100 games").click()
    expect(playing).to_contain_text("Lost on average")

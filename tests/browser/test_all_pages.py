"""Requirements for all pages: accessible, no wider than a phone's screen, usable with the keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import MonitoredBrowser
from tests.conftest import Running, skip_without
from tests.integration.contract import create, report
from tests.integration.experiments.steps import start

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
def experiment_path(shared: Running) -> str:
    """Fill the shared service so that no page is empty; return the path of its experiment."""
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
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[MonitoredBrowser]:
    """A monitored browser in each theme, and with a narrow screen."""
    options: dict[str, Any] = {"color_scheme": "dark" if request.param == "dark" else "light"}
    if request.param == "narrow":
        options["viewport"] = {"width": 360, "height": 760}
    context = MonitoredBrowser(browser, reduced_motion="reduce", **options)
    yield context
    context.close()


def wait_until_loaded(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator(".skeleton")).to_have_count(0)


def axe_violations(page: Page) -> list[str]:
    """The accessibility violations that axe finds, of any impact."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def test_pages_are_accessible_and_do_not_overflow(
    shared: Running, experiment_path: str, themed: MonitoredBrowser
) -> None:
    if not AXE.is_file():
        skip_without("axe is not installed: make dashboard")
    page = themed.open(shared)
    page.get_by_label("API key").wait_for()
    assert axe_violations(page) == []
    page = themed.open_signed_in(shared)
    for path in PAGES:
        page.goto(f"{shared.url}/dashboard{path.format(experiment=experiment_path)}")
        wait_until_loaded(page)
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    themed.expected_problems.append("404")
    for path in ("/variants/nobody", "/experiments/none", "/nowhere"):
        page.goto(f"{shared.url}/dashboard{path}")
        page.get_by_role("heading", level=1).wait_for()
        assert axe_violations(page) == [], path
    page.goto(f"{shared.url}/dashboard/variants")
    page.get_by_role("button", name="New variant").click()
    page.get_by_text("Prior and history").click()
    assert axe_violations(page) == []
    page.goto(f"{shared.url}/dashboard/experiments/new?variant=a&variant=b")
    page.get_by_text("Adaptive.").click()
    page.get_by_text("Advanced settings").click()
    page.get_by_text("Recommend the leading variant").click()
    page.get_by_role("button", name="Start experiment").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{shared.url}/dashboard{experiment_path}")
    for button in ("Stop", "Promote…"):
        page.get_by_role("button", name=button, exact=True).click()
        assert axe_violations(page) == [], button
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("region", name="Segments").get_by_role("table").wait_for()
    for summary in page.get_by_text("Show as a table").all():
        summary.click()
    assert axe_violations(page) == []


def test_keyboard_operates_the_variants_page(
    shared: Running, experiment_path: str, monitored: MonitoredBrowser
) -> None:
    page = monitored.open_signed_in(shared, "/variants")
    wait_until_loaded(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
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


def test_closing_a_dialog_restores_the_focus(
    shared: Running, experiment_path: str, monitored: MonitoredBrowser
) -> None:
    page = monitored.open_signed_in(shared, experiment_path)
    for way_to_close in ("Escape", "Keep running"):
        page.get_by_role("button", name="Stop", exact=True).focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        if way_to_close == "Escape":
            page.keyboard.press("Escape")
        else:
            dialog.get_by_role("button", name=way_to_close).press("Enter")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()


def test_first_load_is_at_most_300_kb(
    shared: Running, experiment_path: str, monitored: MonitoredBrowser
) -> None:
    page = monitored.open_signed_in(shared)
    page.reload()
    wait_until_loaded(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').map(({name, encodedBodySize}) => [name, encodedBodySize])"
    )
    files = {name: size for name, size in sizes if "/dashboard/" in name}
    assert any(name.endswith(".js") for name in files)
    assert sum(files.values()) <= 300_000, files


def test_chosen_theme_persists(shared: Running, monitored: MonitoredBrowser) -> None:
    page = monitored.open_signed_in(shared)
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_how_it_works_demos_respond(shared: Running, monitored: MonitoredBrowser) -> None:
    page = monitored.open_signed_in(shared, "/how-it-works")
    curve = page.get_by_role("region", name="A curve of plausible rates")
    expect(curve).to_contain_text("26")
    expect(curve).to_contain_text("tail to the left")
    curve.get_by_role("button", name="0 of 4").click()
    expect(curve).to_contain_text("tail to the right")
    curve.get_by_label("α = successes").press("ArrowRight")
    expect(curve).to_contain_text("28.6")
    draws = page.get_by_role("region", name="Draw from each curve")
    for text in ("1.41", "98.59", "0.00005"):
        expect(draws).to_contain_text(text)
    draws.get_by_role("button", name="After 9 visitors").click()
    for text in ("33.33", "41.67", "25.00"):
        expect(draws).to_contain_text(text)
    draws.get_by_role("button", name="Draw once").click()
    expect(draws).to_contain_text("is shown.")
    draws.get_by_role("button", name="Draw 1,000 times").click()
    expect(draws).to_contain_text("Shown in 1,001 draws")
    policies = page.get_by_role("region", name="Watch it learn")
    policies.get_by_role("button", name="Run", exact=True).click()
    expect(policies).to_contain_text("round 2,000 of 2,000")
    policies.get_by_role("button", name="Average of 100 simulations").click()
    expect(policies).to_contain_text("Average regret")

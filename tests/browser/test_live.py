"""Live: curves and counters that move with real requests, and a service that goes away and comes back."""

from playwright.sync_api import expect
from tests.browser.conftest import Watched, restart
from tests.conftest import Running
from tests.integration.contract import create, report, select

GONE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "503",
)


def test_curves_move_as_results_come_in(service: Running, watched: Watched) -> None:
    create(service.client, "a", "b")
    page = watched.signed_in(service, "/live")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    curve = page.locator("svg path.line").first
    before = curve.get_attribute("d")
    row = page.get_by_role("row", name="a", exact=False).filter(
        has=page.get_by_role("link", name="a", exact=True)
    )
    for _ in range(5):
        report(service.client, "a", success=True)
        select(service.client, 1)
    expect(row.locator("[data-count]")).to_have_attribute("data-count", "5")
    expect(row).to_contain_text("86")
    assert curve.get_attribute("d") != before
    page.get_by_role("button", name="Freeze").click()
    report(service.client, "a")
    expect(page.get_by_text("frozen")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(row.locator("[data-count]")).to_have_attribute("data-count", "6")


def test_what_is_watched_can_be_chosen(service: Running, watched: Watched) -> None:
    create(service.client, *[f"v{n}" for n in range(6)])
    page = watched.signed_in(service, "/live?variant=v5")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    page.get_by_label("Watch another variant").fill("v2")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    report(service.client, "v2", success=True)
    expect(rows.nth(1).locator("[data-count]")).to_have_attribute("data-count", "1")
    page.get_by_role("button", name="Remove v5").click()
    expect(rows).to_have_count(1)


def test_a_service_that_went_away_is_found_again(service: Running, watched: Watched) -> None:
    watched.expected += GONE
    create(service.client, "a", "b")
    page = watched.signed_in(service, "/live?variant=a")
    other = watched.signed_in(service, "/variants")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(other.get_by_role("link", name="a", exact=True)).to_be_visible()
    bring_back = restart(service)
    expect(page.get_by_role("alert")).to_contain_text("can't be reached")
    expect(other.get_by_role("alert")).to_contain_text("can't be reached")
    expect(other.get_by_role("link", name="a", exact=True)).to_be_visible()
    back = bring_back()
    try:
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(other.get_by_role("alert")).to_have_count(0)
        report(back.client, "a", success=True)
        expect(page.locator("[data-count]")).to_have_attribute("data-count", "1")
    finally:
        watched.leave()
        back.stop()

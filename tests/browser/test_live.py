"""The live page: curves and counters follow real requests, and the page survives a restart of the service."""

from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser, stop_for_restart
from tests.conftest import Running
from tests.integration.contract import create, report, select

DISCONNECT_ERRORS = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "503",
)


def test_curves_follow_results(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "a", "b")
    page = monitored.open_signed_in(service, "/live")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    curve = page.locator("svg path.line").first
    before = curve.get_attribute("d")
    row = page.get_by_role("row", name="a", exact=False).filter(
        has=page.get_by_role("link", name="a", exact=True)
    )
    for _ in range(5):
        report(service.client, "a", success=True)
        select(service.client, 1)
    expect(row.locator("[data-impressions]")).to_have_attribute("data-impressions", "5")
    expect(row).to_contain_text("86")
    assert curve.get_attribute("d") != before
    page.get_by_role("button", name="Pause").click()
    report(service.client, "a")
    expect(page.get_by_text("paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(row.locator("[data-impressions]")).to_have_attribute("data-impressions", "6")


def test_watched_variants_can_be_added_and_removed(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, *[f"v{n}" for n in range(6)])
    page = monitored.open_signed_in(service, "/live?variant=v5")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    page.get_by_label("Watch another variant").fill("v2")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    report(service.client, "v2", success=True)
    expect(rows.nth(1).locator("[data-impressions]")).to_have_attribute("data-impressions", "1")
    page.get_by_role("button", name="Remove v5").click()
    expect(rows).to_have_count(1)


def test_pages_reconnect_after_a_restart(service: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems += DISCONNECT_ERRORS
    create(service.client, "a", "b")
    page = monitored.open_signed_in(service, "/live?variant=a")
    other = monitored.open_signed_in(service, "/variants")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(other.get_by_role("link", name="a", exact=True)).to_be_visible()
    start_again = stop_for_restart(service)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(other.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(other.get_by_role("link", name="a", exact=True)).to_be_visible()
    restarted = start_again()
    try:
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(other.get_by_role("alert")).to_have_count(0)
        report(restarted.client, "a", success=True)
        expect(page.locator("[data-impressions]")).to_have_attribute("data-impressions", "1")
    finally:
        monitored.close_pages()
        restarted.stop()

"""The interactive API documentation: complete, and able to send a request."""

from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser
from tests.conftest import ADMIN_KEY, Running


def test_api_docs_send_a_request(monitored: MonitoredBrowser, shared: Running) -> None:
    page = monitored.open(shared)
    page.goto(f"{shared.url}/docs")
    expect(page.get_by_text("/variants/select", exact=True)).to_be_visible()
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(ADMIN_KEY)
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()
    operation = page.locator(".opblock", has_text="List experiments")
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text('"total_count": 0')

"""The page of the API's documentation: complete, and a request can be tried on it."""

from playwright.sync_api import expect
from tests.browser.conftest import Watched
from tests.conftest import ADMIN_KEY, Running


def test_a_request_is_tried_on_the_page(watched: Watched, shared: Running) -> None:
    page = watched.open(shared)
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

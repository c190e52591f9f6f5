"""A whole experiment with the keyboard alone, from signing in to promoting."""

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import MonitoredBrowser
from tests.browser.test_experiments import send
from tests.conftest import ADMIN_KEY, Running
from tests.integration.contract import create

_MAX_TABS = 150


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus; fail if Tab does not reach it."""
    target.wait_for()
    for _ in range(_MAX_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def type_into(page: Page, target: Locator, text: str) -> None:
    tab_to(page, target)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def test_experiment_with_the_keyboard_alone(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "question", "statement")
    page = monitored.open(service)
    type_into(page, page.get_by_label("API key"), ADMIN_KEY)
    page.keyboard.press("Enter")
    press(page, page.get_by_role("link", name="Experiments"))
    press(page, page.get_by_role("link", name="New experiment"))
    type_into(page, page.get_by_label("Name", exact=True), "By keyboard")
    for variant in ("statement", "question"):
        type_into(page, page.get_by_label("Find a variant to add"), variant)
        press(page, page.get_by_role("list", name="Variants to add").get_by_role("button", name=variant))
        expect(page.get_by_label("Find a variant to add")).to_be_focused()
        page.evaluate("document.getElementById('main').focus()")  # back to the top, as the skip link does
    type_into(page, page.get_by_label("Persona"), "reader")
    tab_to(page, page.get_by_role("button", name="Start experiment"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    press(page, page.get_by_role("button", name="Pause"))
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    send(service, page.url.rpartition("/")[2], 600, {"statement": 0.1, "question": 0.5})
    expect(page.get_by_text("Ready to ship")).to_be_visible()
    press(page, page.get_by_role("button", name="Promote…"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="question")).to_be_checked()
    press(page, dialog.get_by_role("button", name="Promote and end experiment"))
    expect(page.locator(".status", has_text="promoted")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()

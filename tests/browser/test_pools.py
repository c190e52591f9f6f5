"""Pools on the page of all variants: the choice, what is in force, and what learning has earned."""

import re

from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser, in_other_thread
from tests.conftest import Running
from tests.integration.contract import create, report, select


def test_a_pool_is_chosen_and_described(service: Running, monitored: MonitoredBrowser) -> None:
    client = service.client
    create(
        client,
        {"variant_id": "s1", "pool": "subject lines", "impressions": 1000, "successes": 120},
        {"variant_id": "s2", "pool": "subject lines", "impressions": 1000, "successes": 40},
        {"variant_id": "layout", "pool": "layouts", "impressions": 1000, "successes": 500},
        {"variant_id": "alone", "impressions": 1000, "successes": 10},
    )
    page = monitored.open_signed_in(service)
    expect(page.get_by_role("heading", name="Several pools")).to_be_visible()
    expect(page.locator(".variants-row")).to_have_count(4)
    page.get_by_label("Pool", exact=True).select_option(label="subject lines (2)")
    expect(page.locator(".variants-row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"pool=subject"))
    expect(page.get_by_role("heading", name="A clear leader")).to_be_visible()
    note = page.get_by_role("region", name="Pool subject lines")
    expect(note).to_contain_text("of selections are at random")
    expect(note).to_contain_text("No selections reported yet.")
    page.reload()
    expect(page.locator(".variants-row")).to_have_count(2)
    page.get_by_label("Pool", exact=True).select_option(label="No pool")
    expect(page.locator(".variants-row")).to_have_count(1)
    expect(page.get_by_role("heading", name="Only one variant")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".variants-row")).to_have_count(4)


def test_what_learning_has_earned_is_said(service: Running, monitored: MonitoredBrowser) -> None:
    client = service.client
    create(
        client,
        {"variant_id": "good", "pool": "p", "impressions": 1000, "successes": 500},
        {"variant_id": "bad", "pool": "p", "impressions": 1000, "successes": 10},
    )
    client.patch("/pools/p", json={"random_control": 0.5})
    earlier = "UPDATE armful.pool_control_share SET since = since - interval '10 seconds'"
    in_other_thread(lambda: service.sql(earlier))
    for _ in range(150):
        answer = select(client, 1, pool="p")
        name = answer["selected_variants"][0]["variant_id"]
        report(client, name, selection_id=answer["selection_id"], success=name == "good")
    page = monitored.open_signed_in(service)
    page.get_by_label("Pool", exact=True).select_option(label="p (2)")
    note = page.get_by_role("region", name="Pool p")
    expect(note).to_contain_text(
        re.compile(r"Learning has earned \d+ successes \(95 % interval: \d+ to \d+\)")
    )

"""The table of variants and the page of a variant."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import MonitoredBrowser, in_other_thread
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.insights.test_fatigue import HOUR

HTML_IN_CONTENT = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"


def names(page: Page) -> list[str]:
    return page.locator(".variants-row .variant-name a").all_inner_texts()


def test_empty_pages_say_how_to_start(service: Running, monitored: MonitoredBrowser) -> None:
    page = monitored.open_signed_in(service)
    expect(page.get_by_role("heading", name="No variants yet")).to_be_visible()
    page.get_by_role("link", name="Live").click()
    expect(page.get_by_role("heading", name="No variants to watch yet")).to_be_visible()
    page.get_by_role("link", name="Experiments").click()
    expect(page.get_by_role("heading", name="No experiments yet")).to_be_visible()
    page.goto(f"{service.url}/dashboard/nowhere")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()


def test_table_sorts_filters_and_searches(service: Running, monitored: MonitoredBrowser) -> None:
    create(
        service.client,
        {"variant_id": "low", "dimensions": {"tone": "formal"}, "impressions": 1000, "successes": 40},
        {"variant_id": "high", "dimensions": {"tone": "casual"}, "impressions": 1000, "successes": 120},
        {"variant_id": "mid", "dimensions": {"tone": "casual"}, "impressions": 5000, "successes": 300},
    )
    page = monitored.open_signed_in(service)
    expect(page.locator(".variants-row")).to_have_count(3)
    expect(page.get_by_role("heading", name="A clear leader")).to_be_visible()
    assert names(page)[0] == "high"
    expect(page.locator(".variants-row").first).to_contain_text("12.0")
    page.get_by_role("button", name="Impressions").click()
    expect(page.locator(".variant-name a").first).to_have_text("mid")
    expect(page.get_by_role("columnheader", name="Impressions")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Impressions").click()
    expect(page.locator(".variant-name a").last).to_have_text("mid")
    page.get_by_label("tone").select_option("casual")
    expect(page.locator(".variants-row")).to_have_count(2)
    expect(page).to_have_url(re.compile("tone=casual"))
    page.reload()
    expect(page.locator(".variants-row")).to_have_count(2)
    page.get_by_label("Search ids").fill("MID")
    expect(page.locator(".variants-row")).to_have_count(1)
    page.get_by_label("Search ids").fill("nothing like it")
    expect(page.get_by_role("heading", name="No matching variants")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".variants-row")).to_have_count(3)


def test_create_edit_archive_and_restore_a_variant(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "other")
    page = monitored.open_signed_in(service)
    page.get_by_role("button", name="New variant").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Id").fill("a/b & c?")
    dialog.get_by_label("Content").fill(HTML_IN_CONTENT)
    dialog.get_by_label("Dimension", exact=True).fill("tone")
    dialog.get_by_label("Value").fill("casual")
    assert dialog.get_by_label("Content").evaluate("element => getComputedStyle(element).opacity") == "1"
    dialog.get_by_text("Prior and history").click()
    dialog.get_by_label("Past impressions").fill("10")
    dialog.get_by_label("Past successes").fill("4")
    dialog.get_by_label("Prior β").fill("3")
    dialog.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="a/b & c?").click()
    expect(page.get_by_role("heading", name="a/b & c?")).to_be_visible()
    expect(page.locator(".content")).to_have_text(HTML_IN_CONTENT)
    report(service.client, "a%2Fb%20%26%20c%3F", success=True, persona_id="reader")
    expect(page.get_by_role("cell", name="reader")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Value").fill("formal")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("tone formal")).to_be_visible()
    expect(page.locator(".change-history")).to_contain_text("tone was casual now formal")
    page.get_by_role("button", name="Archive").click()
    expect(page.locator(".status")).to_have_text("archived")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".status")).to_have_count(0)
    assert page.title() != "taken"
    stored = service.client.get("/variants/a%2Fb%20%26%20c%3F").json()
    assert (stored["dimensions"], stored["prior_alpha"], stored["prior_beta"]) == ({"tone": "formal"}, 1, 3)
    assert stored["performance"]["impressions"] == 11


def test_a_rejected_form_shows_the_error(service: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems.append("409")
    create(service.client, "taken")
    page = monitored.open_signed_in(service)
    page.get_by_role("button", name="New variant").click()
    page.get_by_role("dialog").get_by_label("Id").fill("taken")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("Variant 'taken' already exists")


def test_unknown_variant_shows_the_error(shared: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems.append("404")
    page = monitored.open_signed_in(shared, "/variants/nobody")
    expect(page.get_by_role("alert")).to_contain_text("Variant 'nobody' not found")


@pytest.mark.parametrize("width", [1440, 360])
def test_ten_thousand_variants_render_few_rows(
    service: Running, monitored: MonitoredBrowser, width: int
) -> None:
    variants = [
        {
            "variant_id": f"variant-{n:05d}",
            "dimensions": {"tone": ("casual", "formal")[n % 2], "batch": str(n % 7)},
            "impressions": n,
            "successes": n // 20,
        }
        for n in range(10_100)
    ]
    for part in (variants[:10_000], variants[10_000:]):
        assert service.client.post("/variants", json={"variants": part}, timeout=120).status_code == 201
    page = monitored.open_signed_in(service)
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.get_by_text("10,100 variants")).to_be_visible()
    page.goto(f"{service.url}/dashboard/variants?sort=name")
    expect(page.locator(".variant-name a").first).to_have_text("variant-00000")
    assert page.locator(".variants-row").count() < 60
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("link", name="variant-10099")).to_be_visible()
    assert page.locator(".variants-row").count() < 60
    table = page.get_by_role("table", name="Variants")
    expect(table).to_have_attribute("aria-rowcount", "10101")
    last = page.get_by_role("row").filter(has=page.get_by_role("link", name="variant-10099"))
    expect(last).to_have_attribute("aria-rowindex", "10101")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("Search ids").fill("variant-1007")
    expect(page.locator(".variants-row")).to_have_count(10)
    expect(page.get_by_text("10 variants of 10,100")).to_be_visible()


def test_fatigued_variants_are_named(service: Running, monitored: MonitoredBrowser) -> None:
    names = [f"v{n}" for n in range(4)]
    create(service.client, *names)

    def fill() -> None:
        for name in names:
            for days_ago, successes in ((60, 2000), (5, 1000 if name == "v2" else 2000)):
                service.sql(HOUR, name, days_ago, "", 50_000, successes)

    in_other_thread(fill)
    page = monitored.open_signed_in(service)
    fatigued = page.get_by_role("region", name="1 fatigued variant")
    expect(fatigued).to_contain_text("4.00\u202f% before, 2.00\u202f% now")
    fatigued.get_by_role("link", name="v2").click()
    of_variant = page.get_by_role("region", name="Fatigue")
    expect(of_variant).to_contain_text("Fatigued: compared with all variants, its rate is 43\u202f% lower")
    expect(of_variant.get_by_role("row", name="last 30 days")).to_contain_text("2.0")
    page.goto(f"{service.url}/dashboard/variants/v1")
    expect(page.get_by_role("region", name="Fatigue")).to_contain_text("has not declined")

"""The table of variants, and a variant's page."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Watched
from tests.conftest import Running
from tests.integration.contract import create, report

EVIL = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"


def names(page: Page) -> list[str]:
    return page.locator(".variants-row .who a").all_inner_texts()


def test_an_empty_service_says_how_to_begin(service: Running, watched: Watched) -> None:
    page = watched.signed_in(service)
    expect(page.get_by_role("heading", name="No variants yet")).to_be_visible()
    page.get_by_role("link", name="Live").click()
    expect(page.get_by_role("heading", name="Nothing to watch yet")).to_be_visible()
    page.get_by_role("link", name="Experiments").click()
    expect(page.get_by_role("heading", name="No experiments yet")).to_be_visible()
    page.goto(f"{service.url}/dashboard/nowhere")
    expect(page.get_by_role("heading", name="No such page")).to_be_visible()


def test_the_table_is_sorted_filtered_and_searched(service: Running, watched: Watched) -> None:
    create(
        service.client,
        {"variant_id": "low", "dimensions": {"tone": "formal"}, "impressions": 1000, "successes": 40},
        {"variant_id": "high", "dimensions": {"tone": "casual"}, "impressions": 1000, "successes": 120},
        {"variant_id": "mid", "dimensions": {"tone": "casual"}, "impressions": 5000, "successes": 300},
    )
    page = watched.signed_in(service)
    expect(page.locator(".variants-row")).to_have_count(3)
    expect(page.get_by_role("heading", name="A clear leader")).to_be_visible()
    assert names(page)[0] == "high"
    expect(page.locator(".variants-row").first).to_contain_text("12.0")
    page.get_by_role("button", name="Shown").click()
    expect(page.locator(".who a").first).to_have_text("mid")
    expect(page.get_by_role("columnheader", name="Shown")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Shown").click()
    expect(page.locator(".who a").last).to_have_text("mid")
    page.get_by_label("tone").select_option("casual")
    expect(page.locator(".variants-row")).to_have_count(2)
    expect(page).to_have_url(re.compile("tone=casual"))
    page.reload()
    expect(page.locator(".variants-row")).to_have_count(2)
    page.get_by_label("Search ids").fill("MID")
    expect(page.locator(".variants-row")).to_have_count(1)
    page.get_by_label("Search ids").fill("nothing like it")
    expect(page.get_by_role("heading", name="No variant fits")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".variants-row")).to_have_count(3)


def test_a_variant_is_created_changed_and_archived(service: Running, watched: Watched) -> None:
    create(service.client, "other")
    page = watched.signed_in(service)
    page.get_by_role("button", name="New variant").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Id").fill("a/b & c?")
    dialog.get_by_label("Content").fill(EVIL)
    dialog.get_by_label("Dimension", exact=True).fill("tone")
    dialog.get_by_label("Value").fill("casual")
    assert dialog.get_by_label("Content").evaluate("element => getComputedStyle(element).opacity") == "1"
    dialog.get_by_text("What is known before").click()
    dialog.get_by_label("Shown so far").fill("10")
    dialog.get_by_label("Of these, successes").fill("4")
    dialog.get_by_label("Prior β").fill("3")
    dialog.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="a/b & c?").click()
    expect(page.get_by_role("heading", name="a/b & c?")).to_be_visible()
    expect(page.locator(".content")).to_have_text(EVIL)
    report(service.client, "a%2Fb%20%26%20c%3F", success=True, persona_id="reader")
    expect(page.get_by_role("cell", name="reader")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Value").fill("formal")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("tone formal")).to_be_visible()
    expect(page.locator(".changes")).to_contain_text("tone was casual now formal")
    page.get_by_role("button", name="Archive").click()
    expect(page.locator(".state")).to_have_text("archived")
    page.get_by_role("button", name="Bring back").click()
    expect(page.locator(".state")).to_have_count(0)
    assert page.title() != "taken"
    stored = service.client.get("/variants/a%2Fb%20%26%20c%3F").json()
    assert (stored["dimensions"], stored["prior_alpha"], stored["prior_beta"]) == ({"tone": "formal"}, 1, 3)
    assert stored["performance"]["impressions"] == 11


def test_what_the_service_refuses_is_said_where_it_was_asked(service: Running, watched: Watched) -> None:
    watched.expected.append("409")
    create(service.client, "taken")
    page = watched.signed_in(service)
    page.get_by_role("button", name="New variant").click()
    page.get_by_role("dialog").get_by_label("Id").fill("taken")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("Variant 'taken' already exists")


def test_a_variant_that_is_not_there_is_said_so(shared: Running, watched: Watched) -> None:
    watched.expected.append("404")
    page = watched.signed_in(shared, "/variants/nobody")
    expect(page.get_by_role("alert")).to_contain_text("Variant 'nobody' not found")


@pytest.mark.parametrize("width", [1440, 360])
def test_more_than_ten_thousand_variants_are_few_elements(
    service: Running, watched: Watched, width: int
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
    page = watched.signed_in(service)
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.get_by_text("10,100 variants")).to_be_visible()
    page.goto(f"{service.url}/dashboard/variants?sort=name")
    expect(page.locator(".who a").first).to_have_text("variant-00000")
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

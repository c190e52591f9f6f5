"""Numbers as metrics in the browser: declared in the form, and read on the experiment's page."""

import numpy as np
from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser, in_other_thread
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.experiments.people import Person, put_people
from tests.integration.experiments.steps import start


def test_a_number_is_declared_and_its_results_are_read(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "a", "b")
    page = monitored.open_signed_in(service, "/experiments/new?variant=a&variant=b")
    page.get_by_label("Name", exact=True).fill("Prices")
    page.get_by_label("Persona").fill("*")
    page.get_by_label("Success metrics").fill("spend, click")
    page.get_by_label("Guardrail: must not increase").fill("wait")
    page.get_by_label("What spend measures").select_option("number per participant")
    page.get_by_label("Quantile at which spend is limited, in percent").fill("99")
    expect(page.get_by_role("complementary")).to_contain_text("how to plan for spend")
    page.get_by_label("What wait measures").select_option("number per impression")
    page.get_by_label("The better direction of click").select_option("lower is better")
    page.get_by_role("button", name="Start experiment").click()
    expect(page.get_by_role("heading", name="Prices")).to_be_visible()
    experiment = page.url.rpartition("/")[2]
    shown = service.client.get(f"/experiments/{experiment}").json()["metrics"]
    assert shown["spend"]["winsorize"] == 0.99
    assert (shown["wait"]["type"], shown["wait"]["unit"]) == ("number", "impression")
    assert shown["click"]["goal"] == "decrease"

    rng = np.random.default_rng(1)
    people = [
        Person(
            f"p{n}",
            "ab"[n % 2],
            1 + n % 3,
            {"spend": round(float(rng.lognormal(3 + 0.2 * (n % 2), 0.5)), 2), "wait": 1.5 + n % 5},
            {"channel": "web"},
        )
        for n in range(2000)
    ] + [Person("whale", "a", 1, {"spend": 1e6})]
    in_other_thread(lambda: put_people(service, experiment, people))
    row = page.get_by_role("row", name="b winner").first
    expect(row).to_contain_text("1,000")
    results = page.get_by_role("region", name="Results: spend")
    expect(results).to_contain_text("Mean per participant")
    expect(results).to_contain_text("the 99\u202f% quantile of those that are not 0")
    value = service.client.get(f"/experiments/{experiment}/results").json()["values"]["b"]["value"]
    expect(row).to_contain_text(f"{value:.1f}"[:4])
    expect(page.get_by_text("its mean per participant is")).to_be_visible()
    expect(page.get_by_role("region", name="Guardrails")).to_contain_text("wait")
    page.get_by_label("Segment by").fill("channel")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("region", name="Segments")).to_contain_text(" of 1,000")


def test_the_adjusted_results_are_read(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client, success_metrics=[{"name": "spend", "type": "number"}, "signup"])
    rng = np.random.default_rng(2)
    before = rng.gamma(2, 20, 600).round(2)
    people = [
        Person(f"p{n}", "ab"[n % 2], 1, {"spend": round(float(before[n] + rng.normal(20, 5)), 2)})
        for n in range(600)
    ]
    in_other_thread(lambda: put_people(service, experiment, people))
    path = f"/experiments/{experiment}/covariates"
    service.client.put(path, json={"covariates": {f"p{n}": before[n] for n in range(600)}})
    found = service.client.get(f"/experiments/{experiment}/results").json()
    page = monitored.open_signed_in(service, f"/experiments/{experiment}")
    adjusted = page.get_by_role("region", name="Adjusted for covariates")
    expect(adjusted).to_contain_text("600 participants have a covariate")
    share = found["covariate_adjustment"]["variance_reduction"]
    assert share > 0.9
    expect(adjusted).to_contain_text(f"{share:.0%}"[:-1] + "\u202f% of the variance explained")
    expect(adjusted.get_by_role("table")).to_have_count(2)
    expect(page.get_by_text("do not rely on these results")).to_have_count(0)
    after = {f"p{n}": before[n] + 100 * (n % 2) for n in range(600)}
    in_other_thread(lambda: service.client.put(path, json={"covariates": after}))
    expect(page.get_by_text("The covariate differs between the variants")).to_be_visible()

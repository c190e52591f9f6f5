"""Experiments in the browser, from planning to promotion."""

from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.experiments.steps import report_people, results, start


def send(service: Running, experiment: str, participants: int, rates: dict[str, float]) -> None:
    """Assign participants and report their outcomes; each variant succeeds at exactly its rate, evenly spaced."""
    due = dict.fromkeys(rates, 0.0)
    updates = []
    for n in range(participants):
        assigned = service.client.post(
            f"/experiments/{experiment}/assign", json={"participant_id": f"p{n}"}
        ).json()["variant_id"]
        due[assigned] += rates[assigned]
        success = due[assigned] >= 1
        due[assigned] -= success
        updates.append(
            {
                "variant_id": assigned,
                "experiment_id": experiment,
                "participant_id": f"p{n}",
                "persona_id": "reader",
                "impression": True,
                "success": success,
                "metadata": {"channel": ("email", "web")[n % 2]},
            }
        )
    answer = service.client.post("/performance/batch", json={"updates": updates}).json()
    assert answer["accepted"] == participants


def test_plan_run_and_promote_an_experiment(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "question", "statement", "bystander")
    page = monitored.open_signed_in(service, "/experiments")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_role("button", name="Start experiment").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a name")
    page.get_by_label("Name", exact=True).fill("Question or statement?")
    for variant in ("statement", "question"):
        page.get_by_label("Find a variant to add").fill(variant)
        page.get_by_role("list", name="Variants to add").get_by_role("button", name=variant).click()
    page.get_by_label("Traffic share of question in percent").fill("40")
    page.get_by_role("button", name="Start experiment").click()
    expect(page.get_by_role("alert")).to_contain_text("add up to 90 %")
    page.get_by_role("button", name="Split evenly").click()
    page.get_by_label("Persona").fill("reader")
    page.get_by_label("Current rate").fill("8")
    page.get_by_label("Participants per day").fill("126")
    # With 882 participants per variant, there is 80 % power to detect 0.12 against 0.08.
    expect(page.get_by_role("complementary")).to_contain_text("+50")
    page.get_by_label("Lift to detect").fill("50")
    expect(page.get_by_role("complementary")).to_contain_text("882")
    page.get_by_role("button", name="Start experiment").click()
    expect(page.get_by_role("heading", name="Question or statement?")).to_be_visible()
    expect(page.get_by_text("Not enough data yet")).to_be_visible()

    experiment = page.url.rpartition("/")[2]
    send(service, experiment, 600, {"statement": 0.1, "question": 0.5})
    expect(page.get_by_text("Ready to ship")).to_be_visible()
    expect(page.get_by_role("row", name="question").first).to_contain_text("winner")
    expect(page.locator(".key-figure", has_text="Winner")).to_contain_text("likely +")
    page.get_by_label("Segment by").fill("channel")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("cell", name="email")).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".status", has_text="paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".status", has_text="running")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text()
    assert "question" in text
    assert "p_value" in text.splitlines()[0]

    page.get_by_role("button", name="Promote").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("question")).to_be_checked()
    dialog.get_by_label("Archive the other variants").check()
    dialog.get_by_role("button", name="Promote and end").click()
    expect(page.locator(".status", has_text="promoted")).to_be_visible()
    assert service.client.get(f"/experiments/{experiment}").json()["promoted_variant_id"] == "question"
    assert service.client.get("/variants/statement").json()["status"] == "archived"
    page.get_by_role("link", name="Experiments").first.click()
    expect(page.get_by_role("listitem").filter(has_text="Question or statement?")).to_contain_text("promoted")


def test_sample_ratio_alarm_replaces_the_recommendation(
    service: Running, monitored: MonitoredBrowser
) -> None:
    create(service.client, "a", "b")
    started = start(service.client, target_persona="p")
    updates = [
        {
            "variant_id": "a" if n % 3 else "b",
            "experiment_id": started,
            "participant_id": f"p{n}",
            "persona_id": "p",
            "impression": True,
            "success": n % 10 == 0,
        }
        for n in range(900)
    ]
    service.client.post("/performance/batch", json={"updates": updates})
    page = monitored.open_signed_in(service, f"/experiments/{started}")
    alarm = page.get_by_role("region", name="Sample ratio check")
    expect(alarm).to_contain_text("does not follow the planned split")
    expect(alarm).to_contain_text("a got 67")
    expect(page.get_by_role("region", name="Recommendation")).to_have_count(0)


def test_adaptive_experiment_shows_minimum_traffic_instead_of_planned_shares(
    service: Running, monitored: MonitoredBrowser
) -> None:
    create(service.client, "a", "b", "c")
    started = start(
        service.client,
        variant_ids=["a", "b", "c"],
        traffic_allocation=[0.4, 0.3, 0.3],
        allocation="thompson",
        floors={"a": 0.05, "b": 0.05, "c": 0.05},
    )
    page = monitored.open_signed_in(service, f"/experiments/{started}")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="b", exact=True))
    expect(row).to_contain_text("minimum 5.0")
    expect(row).not_to_contain_text("planned")
    expect(page.get_by_text("adaptive: shares change over time")).to_be_visible()
    page.get_by_role("link", name="Experiments").first.click()
    split = page.get_by_role("listitem").filter(has=page.get_by_text("adaptive: a, b, c"))
    expect(split).to_have_count(1)


def test_stopping_requires_confirmation(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "a", "b")
    started = start(service.client)
    page = monitored.open_signed_in(service, f"/experiments/{started}")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Keep running").click()
    expect(page.locator(".status", has_text="running")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop experiment").click()
    expect(page.locator(".status", has_text="stopped")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_the_list_says_whom_no_experiment_touches(service: Running, monitored: MonitoredBrowser) -> None:
    create(service.client, "a", "b")
    start(service.client)
    page = monitored.open_signed_in(service, "/experiments")
    expect(page.get_by_role("listitem").filter(has_text="fixed split")).to_have_count(1)
    expect(page.get_by_role("region", name="Holdout")).to_have_count(0)
    service.client.put("/holdout", json={"share": 0.05, "baseline": ["a"]})
    page.reload()
    holdout = page.get_by_role("region", name="Holdout")
    expect(holdout).to_contain_text("5.0")
    expect(holdout).to_contain_text("not enough conversions yet")


def test_a_sentence_explains_two_p_values_that_seem_to_disagree(
    service: Running, monitored: MonitoredBrowser
) -> None:
    client = service.client
    create(client, "gate_30", "gate_40")
    experiment = start(client, variant_ids=["gate_30", "gate_40"])
    report_people(client, experiment, gate_30=(1980, 250), gate_40=(2020, 310))
    comparison = results(client, experiment)["comparisons"]["gate_40"]
    assert comparison["p_value"] < 0.05 < comparison["always_valid"]["p_value"]
    assert "50.50 % of them got gate_40" in comparison["note"]
    assert "which is 50.00 % if the rates are equal, by the planned split" in comparison["note"]
    page = monitored.open_signed_in(service, f"/experiments/{experiment}")
    expect(page.get_by_role("region", name="Results: engagement_rate")).to_contain_text(comparison["note"])


def test_archiving_a_variant_of_a_running_experiment_asks_to_retire_it(
    service: Running, monitored: MonitoredBrowser
) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    monitored.expected_problems.append("409 (Conflict)")
    page = monitored.open_signed_in(service, "/variants/b")
    page.get_by_role("button", name="Archive").click()
    dialog = page.get_by_role("dialog", name="Retire the variant from running experiments?")
    expect(dialog).to_contain_text(f"Variant 'b' is in running experiments: {experiment}.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert client.get("/variants/b").json()["status"] == "active"
    page.get_by_role("button", name="Archive").click()
    dialog.get_by_role("button", name="Retire and archive").click()
    expect(page.get_by_role("button", name="Restore")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert client.get("/variants/b").json()["status"] == "archived"
    assert client.get(f"/experiments/{experiment}").json()["phase"] == 2

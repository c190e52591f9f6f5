"""Covariates of participants: their upload, the sums that are kept of them, and the adjusted results."""

import csv
import io
import json
import os
import random
import threading
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import statsmodels.api as sm
from httpx2 import Client
from scipy import stats
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.people import Person, put_people, report_values
from tests.integration.experiments.steps import end_as_planned, results, start
from tests.integration.outcomes.test_one_commit import NUMBERS, SHARES, visits
from tests.integration.outcomes.test_recording import EXPERIMENTS, connection, soon

from armful.ingest import store as performance
from armful.stats.means.winsorize import bin_of

__all__ = ["connection"]

SPEND = {"name": "spend", "type": "number"}
KEPT = """
    SELECT experiment, allocation_epoch, variant, metric, bin, sum(participants), sum(covariate), sum(covariate_squared),
           sum(total), sum(product), sum(converted), sum(converted_product)
    FROM armful.experiment_covariate_total
    GROUP BY 1, 2, 3, 4, 5
    HAVING sum(participants) <> 0 OR sum(covariate) <> 0 OR sum(total) <> 0 OR sum(product) <> 0
    ORDER BY 1, 2, 3, 4, 5
"""
RECOMPUTED = """
    SELECT p.experiment, p.allocation_epoch, p.variant, y.metric,
           CASE WHEN e.metrics -> y.metric ->> 'winsorize' IS NULL THEN 0 ELSE armful.value_bin(y.total::float8) END,
           count(*), sum(x.value), sum(x.value * x.value), sum(y.total), sum(x.value * y.total),
           count(*) FILTER (WHERE y.total > 0), coalesce(sum(x.value) FILTER (WHERE y.total > 0), 0)
    FROM armful.experiment_participant p
    JOIN armful.experiment e ON e.id = p.experiment
    JOIN armful.experiment_covariate x ON x.experiment = p.experiment AND x.participant_id = p.participant_id
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::numeric AS total UNION ALL SELECT key, value::numeric FROM jsonb_each_text(p.metrics)
    ) AS y
    WHERE p.impressions > 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


def upload(client: Client, experiment: str, values: dict[str, float], kind: str = "json") -> dict[str, Any]:
    path = f"/experiments/{experiment}/covariates"
    if kind == "json":
        answer = client.put(path, json={"covariates": values})
    elif kind == "csv":
        lines = "".join(f"{value!r};{name}\r\n" for name, value in values.items())
        answer = client.put(
            path, content="\ufeffvalue;participant_id\r\n" + lines, headers={"content-type": "text/csv"}
        )
    else:
        lines = "\n".join(
            json.dumps({"participant_id": name, "value": value}) for name, value in values.items()
        )
        answer = client.put(path, content=lines, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("seed", range(int(os.environ.get("RANDOM_EXPERIMENTS", "10"))))
def test_random_experiments_are_adjusted_as_a_regression_does(service: Running, seed: int) -> None:
    """Of three variants. Some people have no covariate, and some get it during the experiment, or another one."""
    client, rng = service.client, np.random.default_rng(seed)
    variants = ["a", "b", "c"]
    create(client, *variants)
    winsorized = seed % 2 == 1
    experiment = start(
        client,
        variant_ids=variants,
        traffic_allocation=[1 / 3] * 3,
        success_metrics=[{**SPEND, "winsorize": 0.95 if winsorized else None}, "signup"],
        guardrail_metrics=["complaint", {"name": "wait", "type": "number", "unit": "impression"}],
    )
    count = int(rng.integers(200, 400))
    x = np.round(rng.gamma(2.0, 10.0, count), 3)
    spend = np.round(np.where(rng.random(count) < 0.8, x * 0.5 + rng.lognormal(2, 0.5, count), 0.0), 2)
    signup, complaint = rng.random(count) < x / 60, rng.random(count) < 0.1
    people = [
        Person(
            f"p{n}",
            variants[int(rng.integers(3))],
            int(rng.integers(1, 4)),
            {"spend": float(spend[n]), "signup": int(signup[n]), "complaint": int(complaint[n]), "wait": 1.5},
        )
        for n in range(count)
    ]
    has = rng.random(count) < 0.7
    values = {person.name: float(x[n]) for n, person in enumerate(people) if has[n]}
    names = list(values)
    half = len(names) // 2
    first = {name: values[name] for name in names[:half]}
    wrong = {name: float(rng.normal()) for name in names[: half // 2]}
    assert upload(client, experiment, first | wrong | {"nobody": 1e6}, "csv") == {
        "experiment_id": experiment, "accepted": half + 1, "covariates": half + 1, "participants": 0, "with_covariate": 0,
    }  # fmt: skip
    report_values(client, people, random.Random(seed))
    upload(client, experiment, {name: values[name] for name in names[half:]}, "ndjson")
    after = upload(client, experiment, {name: values[name] for name in wrong})
    assert (after["participants"], after["with_covariate"]) == (count, len(names))
    end_as_planned(service, experiment)
    found = results(client, experiment)

    arm = np.array([person.variant_id for person in people])
    filled = np.where(has, x, x[has].mean())
    limit = found["definition"]["limit"]
    assert (limit is not None) == winsorized
    outcomes = {
        "spend": np.clip(spend, None, limit) if winsorized else spend,
        "signup": signup.astype(float),
        "complaint": complaint.astype(float),
    }
    views = {
        "spend": found,
        "signup": found["metrics"]["signup"],
        "complaint": found["guardrails"]["complaint"],
    }
    for metric, y in outcomes.items():
        view = views[metric]
        design = np.column_stack([np.ones(count), arm == "b", arm == "c", filled]).astype(float)
        fit = sm.OLS(y, design).fit()
        adjustment = view["covariate_adjustment"]
        assert adjustment["theta"] == pytest.approx(fit.params[3], rel=1e-6)
        without = sm.OLS(y, design[:, :3]).fit()
        assert adjustment["variance_reduction"] == pytest.approx(1 - fit.ssr / without.ssr, rel=1e-6)
        arms = [x[has & (arm == name)] for name in variants]
        assert adjustment["balance_p_value"] == pytest.approx(
            stats.f_oneway(*arms).pvalue, rel=0.05, abs=0.01
        )
        adjusted = y - fit.params[3] * (filled - filled.mean())
        p_values = []
        for number, name in enumerate(variants):
            own = adjustment["values"][name]
            assert own["value"] == pytest.approx(adjusted[arm == name].mean(), rel=1e-6)
            assert own["standard_error"] == pytest.approx(stats.sem(adjusted[arm == name]), rel=1e-6)
            assert own["with_covariate"] == (has & (arm == name)).sum()
            if number == 0:
                continue
            comparison = view["comparisons"][name]["covariate_adjusted"]
            oracle = stats.ttest_ind(adjusted[arm == name], adjusted[arm == "a"], equal_var=False)
            assert comparison["difference"] == pytest.approx(fit.params[number], rel=1e-6, abs=1e-9)
            assert comparison["p_value"] == pytest.approx(oracle.pvalue, rel=1e-5)
            interval = oracle.confidence_interval()
            assert comparison["difference_interval"] == pytest.approx([interval.low, interval.high], rel=1e-6)
            control = adjusted[arm == "a"].mean()
            assert comparison["lift"] == pytest.approx(adjusted[arm == name].mean() / control - 1, rel=1e-6)
            assert comparison["always_valid"]["p_value"] >= comparison["p_value"]
            p_values.append(oracle.pvalue)
        holm = sm.stats.multipletests(p_values, method="holm")[1]
        found_holm = [view["comparisons"][name]["covariate_adjusted"]["adjusted_p_value"] for name in "bc"]
        assert found_holm == pytest.approx(holm, rel=1e-5)
    # What is divided by impressions is not adjusted.
    wait = found["guardrails"]["wait"]
    assert "covariate_adjustment" not in wait
    assert "covariate_adjusted" not in wait["comparisons"]["b"]
    table = client.get(f"/experiments/{experiment}/results", params={"format": "csv"}).text
    for row in csv.DictReader(io.StringIO(table)):
        own = found["covariate_adjustment"]["values"][row["variant_id"]]
        assert float(row["covariate_adjusted_value"]) == own["value"]
        assert int(row["with_covariate"]) == own["with_covariate"]
        assert float(row["variance_reduction"]) == found["covariate_adjustment"]["variance_reduction"]
        if row["is_control"] == "false":
            comparison = found["comparisons"][row["variant_id"]]["covariate_adjusted"]
            assert float(row["covariate_adjusted_p_value"]) == comparison["p_value"]
            assert float(row["covariate_adjusted_lift"]) == comparison["lift"]


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(20))
async def test_the_sums_equal_their_recomputation_after_any_history(connection: Any, seed: int) -> None:
    """Covariates are set and replaced between commits of any outcomes, in any order."""
    await connection.execute(EXPERIMENTS + ";" + SHARES + ";" + NUMBERS)
    await connection.execute(
        "UPDATE armful.experiment SET metrics = jsonb_set(metrics, '{minutes,winsorize}', '0.9') WHERE id = 1;"
        "UPDATE armful.experiment SET unresolved = 'pending' WHERE id = 2"
    )
    draw = random.Random(seed)
    items = visits(draw)
    draw.shuffle(items)
    while items:
        for experiment in (1, 2):
            names = draw.sample(["ada", "bob", "eve", "nobody"], draw.randint(0, 3))
            numbers = [draw.choice([0.1, -3.0, 1e12, 19.99, 0.0]) for _ in names]
            if names:
                await connection.fetchval(
                    "SELECT armful.put_covariates($1, $2, $3)", experiment, names, numbers
                )
        size = draw.randint(1, 4)
        await performance._record_all(connection, uuid4(), uuid4(), soon(), items[:size])
        items = items[size:]
        kept = [tuple(row) for row in await connection.fetch(KEPT)]
        assert kept == [tuple(row) for row in await connection.fetch(RECOMPUTED)]
    counted = await connection.fetch(
        "SELECT e.covariates, count(c.value) FROM armful.experiment e"
        " LEFT JOIN armful.experiment_covariate c ON c.experiment = e.id GROUP BY e.id"
    )
    assert all(kept == found for kept, found in counted)
    days = await connection.fetch(
        "SELECT DISTINCT experiment, day = 'infinity' FROM armful.experiment_covariate_total"
    )
    assert {tuple(row) for row in days} <= {(1, True), (2, False)}


def test_uploads_and_outcomes_at_the_same_time_lose_nothing(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND], target_persona="*")
    names = [f"p{n}" for n in range(300)]

    def upload_often() -> None:
        for turn in range(10):
            upload(client, experiment, {name: float(turn * n) for n, name in enumerate(names)})

    uploading = threading.Thread(target=upload_often)
    uploading.start()
    draw = random.Random(1)
    for _ in range(40):
        chosen = draw.sample(range(300), 60)
        updates = [
            {
                "variant_id": "ab"[n % 2],
                "impression": True,
                "success": False,
                "participant_id": names[n],
                "value": n,
            }
            for n in chosen
        ]
        assert client.post("/performance/batch", json={"updates": updates}).json()["rejected"] == []
    uploading.join()
    kept = [tuple(row) for row in service.sql(KEPT)]
    assert len(kept) == 4
    assert kept == [tuple(row) for row in service.sql(RECOMPUTED)]


def test_an_experiment_without_covariates_has_nothing_of_them(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND])
    put_people(service, experiment, [Person("ada", "a", 1, {"spend": 5.0})])
    assert service.sql("SELECT FROM armful.experiment_covariate_total") == []
    found = results(client, experiment)
    assert "covariate_adjustment" not in found
    assert "covariate_adjusted" not in found["comparisons"]["b"]
    text = client.get(f"/experiments/{experiment}/results", params={"format": "csv"}).text
    assert all(row["variance_reduction"] == "" for row in csv.DictReader(io.StringIO(text)))
    assert client.get(f"/experiments/{experiment}/covariates").json() == {
        "experiment_id": experiment, "accepted": 0, "covariates": 0, "participants": 1, "with_covariate": 0,
    }  # fmt: skip


def test_people_who_are_not_named_have_no_covariate(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND], target_persona="*")
    upload(client, experiment, {f"p{n}": float(n) for n in range(40)})
    for n in range(40):
        report(client, "ab"[n % 2], participant_id=f"p{n}", value=10.0 + n + n % 3)
        report(client, "ab"[n % 2], value=7.0 + n)
    found = results(client, experiment)
    assert [found["covariate_adjustment"]["values"][name]["with_covariate"] for name in "ab"] == [20, 20]
    assert (
        found["values"]["a"]["standard_error"]
        > found["covariate_adjustment"]["values"]["a"]["standard_error"]
    )


def test_days_whose_outcomes_can_change_are_left_out_of_the_adjustment(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND], unresolved="pending", attribution_days=2)
    people = [Person(f"p{n}", "ab"[n % 2], 1, {"spend": float(n % 7)}) for n in range(40)]
    upload(client, experiment, {person.name: float(n) for n, person in enumerate(people)} | {"new": 1e9})
    put_people(service, experiment, people)
    for table in ("experiment_total", "experiment_covariate_total"):
        service.sql(f"UPDATE armful.{table} SET day = day - 5")
    before = results(client, experiment)["covariate_adjustment"]
    put_people(service, experiment, [Person("new", "a", 1, {"spend": 1e6})])
    assert results(client, experiment)["covariate_adjustment"] == before
    assert before["values"]["a"]["with_covariate"] == 20


def test_a_covariate_that_follows_the_assignment_has_no_balance(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    put_people(service, experiment, [Person(f"p{n}", "ab"[n % 2], 1, {}) for n in range(400)])
    rng = random.Random(5)
    upload(client, experiment, {f"p{n}": rng.gauss(n % 2, 1) for n in range(400)})
    assert results(client, experiment)["covariate_adjustment"]["balance_p_value"] < 1e-6
    upload(client, experiment, {f"p{n}": rng.gauss(0, 1) for n in range(400)})
    assert results(client, experiment)["covariate_adjustment"]["balance_p_value"] > 0.001


def test_covariates_are_set_before_the_results_are_known(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    path, one = f"/experiments/{experiment}/covariates", {"covariates": {"ada": 1}}
    assert client.put(path, json=one).json()["accepted"] == 1
    for action in ("start", "pause"):
        client.post(f"/experiments/{experiment}/{action}")
        assert client.put(path, json=one).json()["covariates"] == 1
    client.post(f"/experiments/{experiment}/stop")
    assert "stopped" in problem(client.put(path, json=one), 409)["detail"]
    actions = [entry["action"] for entry in client.get(f"/experiments/{experiment}/audit").json()["entries"]]
    assert actions.count("set_covariates") == 3
    problem(client.put("/experiments/exp_nothing_here/covariates", json=one), 404)
    problem(client.get("/experiments/exp_nothing_here/covariates"), 404)
    adaptive = start(client, allocation="thompson")
    refused = problem(client.put(f"/experiments/{adaptive}/covariates", json=one), 400)
    assert "allocation is 'thompson'" in refused["detail"]


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("application/json", '{"covariates": {"ada": "1"}}', "covariates"),
        ("application/json", '{"covariates": {"ada": 1e13}}', "covariates"),
        ("application/json", '{"covariates": {}}', "covariates"),
        ("application/json", '{"covariate": {"ada": 1}}', "covariate"),
        (
            "application/x-ndjson",
            '{"participant_id": "ada", "value": 1}\n{"participant_id": "bob"}',
            "line 2: value",
        ),
        ("application/x-ndjson", "\n \n", "covariates"),
        ("text/csv", "participant_id,value\nada,1\nbob,much\n", "line 3: value"),
        ("text/csv", "participant,value\nada,1\n", "body"),
        ("text/csv", "participant_id,value\n", "covariates"),
    ],
)
def test_an_upload_with_an_error_sets_nothing(client: Client, kind: str, content: str, field: str) -> None:
    create(client, "a", "b")
    path = f"/experiments/{start(client)}/covariates"
    refused = problem(client.put(path, content=content, headers={"content-type": kind}), 422)
    assert field in [error["field"] for error in refused["errors"]] or field in refused["detail"]
    assert client.get(path).json()["covariates"] == 0


def test_an_upload_is_bounded(client: Client) -> None:
    create(client, "a", "b")
    path = f"/experiments/{start(client)}/covariates"
    many = {f"p{n}": n for n in range(10_001)}
    problem(client.put(path, json={"covariates": many}), 422)
    lines = "participant_id,value\n" + "".join(f"{name},{value}\n" for name, value in many.items())
    refused = problem(client.put(path, content=lines, headers={"content-type": "text/csv"}), 422)
    assert "10000" in refused["detail"]
    del many["p0"]
    assert client.put(path, json={"covariates": many}).json()["covariates"] == 10_000


def test_bins_of_limited_values_are_those_of_the_values(service: Running) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client, success_metrics=[{**SPEND, "winsorize": 0.9}])
    upload(service.client, experiment, {"ada": 2})
    put_people(service, experiment, [Person("ada", "a", 1, {"spend": -12.5})])
    (row,) = service.sql("SELECT bin, product FROM armful.experiment_covariate_total WHERE metric = 'spend'")
    assert tuple(row) == (bin_of(-12.5), -25)

"""Experiments whose metrics are numbers or ratios: from their declaration to their results."""

import csv
import io
import os
import random
from collections.abc import Callable
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
from tests.integration.experiments.test_experiments import body, end_as_planned, results, start

from armful.stats.means.winsorize import bin_of

SPEND = {"name": "spend", "type": "number"}

TOTALS_RECOMPUTED = """
    SELECT p.variant, y.metric, count(*), sum(p.impressions), sum(p.impressions ^ 2), sum(y.total), sum(y.total * y.total),
           sum(p.impressions * y.total), count(*) FILTER (WHERE y.total > 0)
    FROM armful.experiment_participant p
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::numeric AS total UNION ALL SELECT key, value::numeric FROM jsonb_each_text(p.metrics)
    ) AS y
    WHERE p.impressions > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""
TOTALS_KEPT = """
    SELECT variant, metric, participants, impressions, impressions_squared, total, total_squared, product, converted
    FROM armful.experiment_total WHERE participants <> 0 ORDER BY 1, 2
"""
PARTICIPANTS = (
    "SELECT variant, impressions, metrics::text FROM armful.experiment_participant WHERE impressions > 0"
)
BINS_KEPT = """
    SELECT variant, metric, bin, participants, impressions, impressions_squared::bigint, total, total_squared, product
    FROM armful.experiment_value_bin
    WHERE day = 'infinity' AND (participants <> 0 OR total <> 0 OR total_squared <> 0) ORDER BY 1, 2, 3
"""
BINS_BY_DAY = """
    SELECT variant, metric, bin, sum(participants), sum(impressions), sum(impressions_squared)::bigint, sum(total),
           sum(total_squared), sum(product)
    FROM armful.experiment_value_bin WHERE day < 'infinity'
    GROUP BY 1, 2, 3 HAVING sum(participants) <> 0 OR sum(total) <> 0 OR sum(total_squared) <> 0 ORDER BY 1, 2, 3
"""
SEGMENTS_KEPT = """
    SELECT variant, key, value, participants, participant_impressions, impressions_squared, total, total_squared, product
    FROM armful.experiment_segment WHERE participants <> 0 ORDER BY 1, 2, 3
"""
SEGMENTS_RECOMPUTED = """
    SELECT p.variant, m.key, m.value, count(*), sum(p.impressions), sum(p.impressions ^ 2), sum(y), sum(y * y),
           sum(p.impressions * y)
    FROM armful.experiment_participant p
    CROSS JOIN LATERAL (
        SELECT key, value FROM jsonb_each_text(p.metadata)
        UNION ALL SELECT 'persona_id', p.persona_id WHERE p.persona_id IS NOT NULL
    ) AS m
    CROSS JOIN LATERAL coalesce((p.metrics ->> 'spend')::numeric, 0) AS y
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def rows(service: Running, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in service.sql(query)]


def test_a_metric_is_declared_and_shown_again(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(
        client,
        success_metrics=[{**SPEND, "winsorize": 0.99}, "click", {"name": "plain"}],
        guardrail_metrics=[
            "complaint",
            {"name": "wait", "type": "number", "goal": "decrease", "margin": 0.1},
        ],
    )
    shown = client.get(f"/experiments/{experiment}").json()
    assert shown["success_metrics"] == ["spend", "click", "plain"]
    assert shown["guardrail_metrics"] == [
        {"name": "complaint", "harm": "increase", "margin": 0.05},
        {"name": "wait", "harm": "increase", "margin": 0.1},
    ]
    binary = {"type": "binary", "unit": "participant", "goal": "increase", "winsorize": None}
    assert shown["metrics"] == {
        "spend": {**binary, "type": "number", "winsorize": 0.99},
        "click": binary,
        "plain": binary,
        "complaint": {**binary, "goal": "decrease"},
        "wait": {**binary, "type": "number", "goal": "decrease"},
    }


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"success_metrics": [{"name": "m", "type": "money"}]}, 422, "success_metrics[0].type"),
        ({"success_metrics": [{"name": "m", "winsorize": 1.5}]}, 422, "success_metrics[0].winsorize"),
        ({"success_metrics": [{"name": "m", "gaol": "increase"}]}, 422, "success_metrics[0].gaol"),
        ({"guardrail_metrics": [{"name": "m", "unit": "visit"}]}, 422, "guardrail_metrics[0].unit"),
        ({"success_metrics": [SPEND], "allocation": "thompson"}, 400, "'spend' has the type 'number'"),
        ({"success_metrics": [{"name": "m", "winsorize": 0.9}]}, 400, "winsorize is 0.9 for 'm'"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(
    client: Client, change: dict[str, Any], status: int, message: str
) -> None:
    create(client, "a", "b")
    refused = problem(client.post("/experiments/start", json=body(**change)), status)
    assert message in refused["detail"] + str(refused.get("errors"))


def drawn(rng: np.random.Generator, variants: list[str], value: Callable[[int], float]) -> list[Person]:
    """People with 1 to 9 impressions, of whom a third have no value."""
    return [
        Person(
            f"p{number}",
            variants[int(rng.integers(len(variants)))],
            int(rng.integers(1, 10)),
            {} if rng.random() < 0.33 else {"spend": round(value(number), 2)},
        )
        for number in range(int(rng.integers(300, 500)))
    ]


@pytest.mark.parametrize("seed", range(int(os.environ.get("RANDOM_EXPERIMENTS", "20"))))
def test_random_experiments_are_judged_as_scipy_and_statsmodels_do(service: Running, seed: int) -> None:
    """Of three variants, whose people spend differently. Each experiment has a mean and a ratio of the same values."""
    client, rng = service.client, np.random.default_rng(seed)
    variants = ["a", "b", "c"]
    create(client, *variants)
    experiment = start(
        client,
        variant_ids=variants,
        traffic_allocation=[1 / 3] * 3,
        success_metrics=[SPEND, {"name": "click", "unit": "impression"}],
    )
    people = [
        one._replace(metrics={**one.metrics, "click": int(rng.integers(0, one.impressions + 1))})
        for one in drawn(rng, variants, lambda _: float(rng.lognormal(2, 1)))
    ]
    report_values(client, people, random.Random(seed))
    end_as_planned(service, experiment)
    found = results(client, experiment)
    spend = {name: [p.metrics.get("spend", 0) for p in people if p.variant_id == name] for name in variants}
    p_values = []
    for name in ("b", "c"):
        comparison = found["comparisons"][name]
        oracle = stats.ttest_ind(spend[name], spend["a"], equal_var=False)
        assert comparison["p_value"] == pytest.approx(oracle.pvalue, rel=1e-6)
        interval = oracle.confidence_interval()
        assert comparison["difference_interval"] == pytest.approx([interval.low, interval.high], rel=1e-6)
        assert comparison["lift"] == pytest.approx(np.mean(spend[name]) / np.mean(spend["a"]) - 1)
        p_values.append(oracle.pvalue)
    assert found["comparisons"]["b"]["adjusted_p_value"] == pytest.approx(
        sm.stats.multipletests(p_values, method="holm")[1][0], rel=1e-6
    )
    for name in variants:
        view = found["values"][name]
        assert view["value"] == pytest.approx(np.mean(spend[name]))
        assert view["standard_error"] == pytest.approx(stats.sem(spend[name]))
        assert view["total"] == pytest.approx(sum(spend[name]))
        own = [p for p in people if p.variant_id == name]
        outcomes = np.concatenate([np.arange(p.impressions) < p.metrics["click"] for p in own]).astype(float)
        fit = sm.OLS(outcomes, np.ones_like(outcomes)).fit(
            cov_type="cluster",
            cov_kwds={
                "groups": np.repeat(np.arange(len(own)), [p.impressions for p in own]),
                "use_correction": False,
            },
        )
        ratio = found["metrics"]["click"]["values"][name]
        assert ratio["value"] == pytest.approx(fit.params[0])
        assert ratio["standard_error"] == pytest.approx(fit.bse[0] * (len(own) / (len(own) - 1)) ** 0.5)
    assert sum(view["chance_to_be_best"] for view in found["bayesian"].values()) == pytest.approx(1)
    assert found["definition"] == {
        "type": "number", "unit": "participant", "goal": "increase", "winsorize": None, "limit": None,
    }  # fmt: skip
    assert found["statistical_significance"]["method"] == "welch_t"
    assert found["metrics"]["click"]["comparisons"]["b"]["method"] == "delta_method"


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_and_bins_equal_their_recomputation_after_any_history(service: Running, seed: int) -> None:
    client, draw = service.client, random.Random(seed)
    create(client, "a", "b")
    experiment = start(
        client,
        success_metrics=[{**SPEND, "winsorize": 0.95}, {"name": "score", "type": "number"}],
        guardrail_metrics=[{"name": "wait", "type": "number", "winsorize": 0.9}],
    )
    people: dict[str, Person] = {}
    for _ in range(5):
        changed = []
        for number in draw.sample(range(40), 20):
            name = f"p{number}"
            before = people.get(
                name, Person(name, draw.choice("ab"), 0, {}, {"channel": draw.choice("xy")}, "dev")
            )
            values = {
                metric: draw.choice([0.1, 19.99, -3, 1e12, -1e-9, 12345.678901234])
                for metric in ("spend", "score", "wait")
                if draw.random() < 0.6
            }
            people[name] = before._replace(
                impressions=before.impressions + draw.randint(1, 9), metrics=values
            )
            changed.append(people[name])
        put_people(service, experiment, changed)
    assert rows(service, TOTALS_KEPT) == rows(service, TOTALS_RECOMPUTED)
    assert rows(service, SEGMENTS_KEPT) == rows(service, SEGMENTS_RECOMPUTED)
    kept = {row[:3]: row[3:] for row in rows(service, BINS_KEPT)}
    expected: dict[tuple[Any, ...], Any] = {}
    keys = {row[0]: row[1] for row in rows(service, "SELECT variant_id, id FROM armful.variant_performance")}
    for one in people.values():
        for metric in {"spend", "wait"} & one.metrics.keys():
            key = (keys[one.variant_id], metric, bin_of(one.metrics[metric]))
            n, m, m2 = expected.get(key, (0, 0, 0))
            expected[key] = (n + 1, m + one.impressions, m2 + one.impressions**2)
    assert {key: sums[:3] for key, sums in kept.items()} == expected
    assert rows(service, BINS_KEPT) == rows(service, BINS_BY_DAY)
    by_metric = """
        SELECT variant, metric, sum({0}) FROM armful.{1}
        WHERE metric IN ('spend', 'wait') AND day < 'infinity' GROUP BY 1, 2 ORDER BY 1, 2
    """
    for column in ("total", "total_squared", "product"):
        binned = rows(service, by_metric.format(column, "experiment_value_bin"))
        assert binned == rows(service, by_metric.format(column, "experiment_total"))


def test_only_winsorised_metrics_have_bins(service: Running) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client, success_metrics=[SPEND])
    put_people(service, experiment, [Person("ada", "a", 1, {"spend": 5.0})])
    assert rows(service, BINS_KEPT) == []
    assert rows(service, TOTALS_KEPT) == rows(service, TOTALS_RECOMPUTED)


def test_the_limit_and_the_limited_are_stated_and_the_table_has_the_same_figures(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=[{**SPEND, "winsorize": 0.98}])
    rng = np.random.default_rng(1)
    people = [
        Person(f"p{n}", "ab"[n % 2], 1, {"spend": float(rng.lognormal(3, 0.5))}) for n in range(400)
    ] + [Person("whale", "b", 1, {"spend": 1e9})]
    report_values(client, people, random.Random(1))
    found = results(client, experiment, include_interim="true")
    limit = found["definition"]["limit"]
    assert 20 < limit < 200
    for name in "ab":
        values = np.array([p.metrics["spend"] for p in people if p.variant_id == name])
        assert found["values"][name]["limited"] == (values > limit).sum()
        assert found["values"][name]["value"] == pytest.approx(np.clip(values, None, limit).mean())
        assert found["values"][name]["total"] == pytest.approx(values.sum())
    assert sum(view["limited"] for view in found["values"].values()) == pytest.approx(8, abs=8)
    last = {day["variant_id"]: day["value"] for day in found["interim_results"]["time_series"]}
    assert last == pytest.approx({name: view["value"] for name, view in found["values"].items()})
    text = client.get(f"/experiments/{experiment}/results", params={"format": "csv"}).text
    for row in csv.DictReader(io.StringIO(text)):
        view = found["values"][row["variant_id"]]
        assert (row["metric_type"], row["metric_unit"], row["goal"]) == ("number", "participant", "increase")
        assert float(row["value"]) == view["value"]
        assert float(row["standard_error"]) == view["standard_error"]
        assert (float(row["limit"]), int(row["limited"])) == (limit, view["limited"])


def test_unresolved_values_are_left_out_of_the_limit_and_the_sums(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(
        client,
        success_metrics=[{**SPEND, "winsorize": 0.9}],
        unresolved="pending",
        attribution_days=2,
    )
    old = [Person(f"p{n}", "ab"[n % 2], 1, {"spend": 1.0 + n % 10}) for n in range(100)]
    put_people(service, experiment, old)
    for table in ("experiment_total", "experiment_value_bin"):
        service.sql(f"UPDATE armful.{table} SET day = day - 5 WHERE day < 'infinity'")
    put_people(service, experiment, [Person("new", "a", 1, {"spend": 1000.0})])
    found = results(client, experiment, include_interim="true")
    assert found["participants"]["a"]["participants"] == 50
    assert found["definition"]["limit"] == pytest.approx(9, rel=0.13)
    for name, view in found["values"].items():
        values = [p.metrics["spend"] for p in old if p.variant_id == name]
        assert view["value"] == pytest.approx(np.clip(values, None, found["definition"]["limit"]).mean())
        assert view["total"] == sum(values)


def test_an_experiment_without_data_has_no_values_and_no_intervals(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND])
    found = results(client, experiment, segment_by="channel", include_interim="true")
    assert found["confidence_intervals"] == found["credible_intervals"] == {}
    assert found["values"]["a"] == {"value": None, "standard_error": None, "total": 0.0, "limited": 0}
    assert found["bayesian"]["a"] == {"chance_to_be_best": 0.5, "expected_loss": None}
    assert found["comparisons"]["b"]["difference"] is None
    assert found["recommendations"]["recommendation_type"] == "insufficient_data"


def test_a_plain_experiment_has_neither_definition_nor_values(client: Client) -> None:
    create(client, "a", "b")
    found = results(client, start(client))
    assert "definition" not in found
    assert "values" not in found


def test_segments_of_a_number_are_compared_by_their_values(service: Running) -> None:
    client, rng = service.client, np.random.default_rng(2)
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND])
    people = [
        Person(
            f"p{n}",
            "ab"[n % 2],
            1,
            {"spend": float(rng.normal(10 + (4 if n % 4 == 3 else 0), 3))},
            {"channel": "mail" if n % 4 > 1 else "web"},
        )
        for n in range(800)
    ]
    put_people(service, experiment, people)
    end_as_planned(service, experiment)
    found = results(client, experiment, segment_by="channel")
    assert found["segment_interaction"]["p_value"] < 1e-6
    for channel in ("mail", "web"):
        for name in "ab":
            own = [
                p.metrics["spend"]
                for p in people
                if p.variant_id == name and (p.metadata or {})["channel"] == channel
            ]
            view = found["segment_breakdown"][channel]["values"][name]
            assert view["value"] == pytest.approx(np.mean(own))
            assert view["standard_error"] == pytest.approx(stats.sem(own))
    assert found["segment_breakdown"]["mail"]["statistical_significance"]["is_significant"]
    assert not found["segment_breakdown"]["web"]["statistical_significance"]["is_significant"]


@pytest.mark.parametrize("told_first", [True, False])
def test_values_without_a_participant_are_in_their_segment_and_move_with_it(
    client: Client, told_first: bool
) -> None:
    """A report of three impressions, a late value, and a selection whose participant is named before or afterwards."""
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND], target_persona="*")
    late, moved = str(uuid4()), str(uuid4())
    web, mail = {"channel": "web"}, {"channel": "mail"}
    report(client, "a", value=2.5, batch_size=3, metadata=web)
    report(client, "a", value=1, selection_id=late, metadata=web)
    report(client, "a", impression=False, success=True, value=4, selection_id=late)
    steps: list[dict[str, Any]] = [
        {"value": 10, "selection_id": moved, "metadata": mail},
        {"participant_id": "ada", "value": 7, "selection_id": moved, "metadata": mail},
    ]
    for step in reversed(steps) if told_first else steps:
        report(client, "a", **step)
    segments = results(client, experiment, segment_by="channel")["segment_breakdown"]
    for channel, values in (("web", [2.5, 2.5, 2.5, 5]), ("mail", [17])):
        view = segments[channel]["values"]["a"]
        assert segments[channel]["participants"]["a"]["participants"] == len(values)
        assert view["total"] == sum(values)
        if len(values) > 1:
            assert view["standard_error"] == pytest.approx(stats.sem(values))
    found = results(client, experiment)["values"]["a"]
    assert found["standard_error"] == pytest.approx(stats.sem([2.5, 2.5, 2.5, 5, 17]))


def test_a_sequential_p_value_that_was_seen_never_rises(service: Running) -> None:
    """Its evidence is stored, as that of rates is."""
    client, rng = service.client, np.random.default_rng(3)
    create(client, "a", "b")
    experiment = start(client, success_metrics=[{**SPEND, "goal": "decrease"}], min_sample_size=1000)
    values = rng.normal(10, 2, 1000) + np.where(np.arange(1000) % 2, 1.0, 0.0)
    put_people(
        service,
        experiment,
        [Person(f"p{n}", "ab"[n % 2], 1, {"spend": float(values[n])}) for n in range(1000)],
    )
    first = results(client, experiment)
    assert first["comparisons"]["b"]["verdict"] == "worse"
    assert first["statistical_significance"]["always_valid_p_value"] < 0.01
    assert first["results_summary"]["winner_variant_id"] == "a"
    put_people(
        service,
        experiment,
        [Person(f"q{n}", "ab"[n % 2], 1, {"spend": float(rng.normal(10.4, 2))}) for n in range(400)],
    )
    second = results(client, experiment)
    assert second["comparisons"]["b"]["difference"] > 0
    assert (
        second["statistical_significance"]["always_valid_p_value"]
        <= first["statistical_significance"]["always_valid_p_value"]
    )


def test_the_performance_of_a_number_has_the_successes_that_were_reported(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND, "click"], target_persona="*")
    web = {"metadata": {"channel": "web"}}
    report(client, "a", success=True, value=5, participant_id="ada", **web)
    report(client, "a", value=7, participant_id="bob", **web)
    report(client, "a", impression=False, success=True, participant_id="bob", metrics={"click": True})
    report(client, "b", success=True, batch_size=3, **web)
    report(client, "b", batch_size=2)
    found = results(client, experiment, segment_by="channel")
    assert found["variant_performance"] == {
        "a": {"impressions": 2, "successes": 2, "success_rate": 1.0},
        "b": {"impressions": 5, "successes": 3, "success_rate": 0.6},
    }
    assert found["metrics"]["click"]["variant_performance"]["a"]["successes"] == 1
    segment = found["segment_breakdown"]["web"]
    assert segment["variant_performance"]["b"] == {"impressions": 3, "successes": 3, "success_rate": 1.0}
    # Who converted is decided by the number.
    assert segment["participants"]["b"]["converted"] == 0
    assert found["participants"]["a"]["converted"] == 2
    assert found["participants"]["b"]["converted"] == 0

"""One row a variant; what is not finite or not there is an empty cell."""

import math
from datetime import timedelta

from tests.unit.features.experiments.results.test_recommendation import DAY_3, counts, experiment

from armful.domain.experiment import Metric
from armful.features.experiments.results.evaluation import evaluate
from armful.http.results_table import table


def test_control_is_compared_with_nobody() -> None:
    control, treatment = table(evaluate(experiment(), counts((1000, 80), (1000, 120)), DAY_3))
    assert (control["variant_id"], control["is_control"], treatment["is_control"]) == ("a", "true", "false")
    assert control["lift"] is None
    assert control["p_value"] is None
    assert treatment["lift"] == 0.5
    assert treatment["impressions"] == 1000
    assert treatment["lower_bound"] < treatment["success_rate"] < treatment["upper_bound"]
    assert set(control) == set(treatment)


def test_no_cell_is_infinite() -> None:
    rows = table(evaluate(experiment(), counts((1000, 0), (1000, 5)), DAY_3 + timedelta(days=1)))
    assert rows[1]["lift"] is None
    assert float("inf") not in [cell for row in rows for cell in row.values()]


def test_a_number_has_its_value_and_no_infinite_cell() -> None:
    plan = experiment(metrics={"m": Metric("number", winsorize=0.99)})
    for row in table(evaluate(plan, counts((1, 0), (0, 0)), DAY_3)):
        assert (row["metric_type"], row["metric_unit"], row["goal"]) == ("number", "participant", "increase")
        assert (row["lower_bound"], row["standard_error"], row["expected_loss"]) == (None, None, None)
        assert not any(isinstance(cell, float) and math.isinf(cell) for cell in row.values())
    rates = table(evaluate(experiment(), counts((1000, 80), (1000, 120)), DAY_3))
    assert {(row["metric_type"], row["value"], row["limited"]) for row in rates} == {("binary", None, None)}

"""One row a variant; what is not finite or not there is an empty cell."""

from datetime import timedelta

from tests.unit.features.experiments.results.test_recommendation import DAY_3, counts, experiment

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

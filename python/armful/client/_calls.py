"""The calls of the HTTP API: method, path, body, and whether a call may be sent twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, Unpack
from urllib.parse import quote
from uuid import uuid4

import msgspec

from ..contract.covariates import CovariatesView
from ..contract.experiments import AssignmentView, ExperimentPage, ExperimentView
from ..contract.fatigue import FatigueList, FatigueStatus, FatigueView
from ..contract.holdout import HoldoutReportView, HoldoutView
from ..contract.insights import StandingsView, TableView
from ..contract.outcomes import BatchAnswer, BatchItem, PerformanceAnswer
from ..contract.pools import PoolPage, PoolReportView, PoolView
from ..contract.results import ResultsView
from ..contract.selection import Selection
from ..contract.variants import CreatedVariants, SimilarVariants, StatsView, VariantPage, VariantView
from ..domain.variant import NewVariant
from .fields import (
    AssignFields,
    ExperimentFields,
    ListFields,
    PerformanceFields,
    PoolFields,
    ResultsFields,
    SelectFields,
    TableFields,
    VariantFields,
)

Answer = TypeVar("Answer")
Action = Literal["start", "pause", "resume", "stop"]


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """A call, and the type of its response: a contract type for JSON, `str` for text.

    It is `replayable` if sending it twice has the same effect as sending it once.
    """

    answer: type[Answer]
    method: str
    path: str
    body: object = None
    query: Mapping[str, Any] = field(default_factory=dict)
    replayable: bool = True


def _segment(name: str) -> str:
    """Escape an id as one segment of a path. Unescaped, `.` and `..` would be removed from the path."""
    return quote(name, safe="").replace(".", "%2E") if name in (".", "..") else quote(name, safe="")


def select(persona_id: str, top_k: int, fields: SelectFields) -> Call[Selection]:
    defaults = {"algorithm": "thompson_sampling_exploration", "exploration_ratio": 0.2}
    body = {**defaults, **fields, "persona_id": persona_id, "top_k": top_k}
    return Call(Selection, "POST", "/variants/select", body)


def track_performance(
    variant_id: str, success: bool, **fields: Unpack[PerformanceFields]
) -> Call[PerformanceAnswer]:
    body = {"impression": True, "event_id": uuid4().hex, **fields, "success": bool(success)}
    return Call(PerformanceAnswer, "POST", f"/variants/{_segment(variant_id)}/performance", body)


def track_batch(updates: Iterable[BatchItem | Mapping[str, Any]], reasons: bool = False) -> Call[BatchAnswer]:
    items = [
        {"impression": True, "event_id": uuid4().hex, **msgspec.to_builtins(update)} for update in updates
    ]
    query = {"reasons": "true"} if reasons else {}
    return Call(BatchAnswer, "POST", "/performance/batch", {"updates": items}, query=query)


def get_variant_stats(variant_id: str, confidence_level: float) -> Call[StatsView]:
    query = {"confidence_level": confidence_level}
    return Call(StatsView, "GET", f"/variants/{_segment(variant_id)}/stats", query=query)


def list_variants(fields: ListFields) -> Call[VariantPage]:
    return Call(VariantPage, "GET", "/variants", query=_query(fields))


def _query(fields: ListFields | TableFields) -> dict[str, Any]:
    query: dict[str, Any] = {name: value for name, value in fields.items() if name != "dimensions"}
    return query | {f"dimension.{name}": value for name, value in fields.get("dimensions", {}).items()}


def get_standings() -> Call[StandingsView]:
    return Call(StandingsView, "GET", "/standings")


def get_standings_table(fields: TableFields) -> Call[TableView]:
    return Call(TableView, "GET", "/standings/table", query=_query(fields))


def get_fatigue(status: FatigueStatus | None, pool: str | None, limit: int) -> Call[FatigueList]:
    filters = {"status": status, "pool": pool}
    query = {"limit": limit} | {name: value for name, value in filters.items() if value is not None}
    return Call(FatigueList, "GET", "/fatigue", query=query)


def get_variant_fatigue(variant_id: str) -> Call[FatigueView]:
    return Call(FatigueView, "GET", f"/variants/{_segment(variant_id)}/fatigue")


def get_metrics() -> Call[str]:
    return Call(str, "GET", "/metrics")


def get_variant(variant_id: str) -> Call[VariantView]:
    return Call(VariantView, "GET", f"/variants/{_segment(variant_id)}")


def get_similar_variants(variant_id: str, limit: int) -> Call[SimilarVariants]:
    return Call(SimilarVariants, "GET", f"/variants/{_segment(variant_id)}/similar", query={"limit": limit})


def create_variants(variants: Iterable[NewVariant | Mapping[str, Any]]) -> Call[CreatedVariants]:
    return Call(CreatedVariants, "POST", "/variants", {"variants": list(variants)}, replayable=False)


def change_variant(variant_id: str, changes: VariantFields) -> Call[VariantView]:
    return Call(VariantView, "PATCH", f"/variants/{_segment(variant_id)}", changes)


def archive_variant(variant_id: str, retire: bool) -> Call[VariantView]:
    query = {"retire": "true"} if retire else {}
    return Call(VariantView, "DELETE", f"/variants/{_segment(variant_id)}", query=query)


def start_experiment(fields: ExperimentFields) -> Call[ExperimentView]:
    return Call(ExperimentView, "POST", "/experiments/start", fields, replayable=False)


def get_experiment(experiment_id: str) -> Call[ExperimentView]:
    return Call(ExperimentView, "GET", f"/experiments/{_segment(experiment_id)}")


def list_experiments(limit: int, cursor: str | None) -> Call[ExperimentPage]:
    query = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
    return Call(ExperimentPage, "GET", "/experiments", query=query)


def assign(experiment_id: str, participant_id: str, fields: AssignFields) -> Call[AssignmentView]:
    body = {**fields, "participant_id": participant_id}
    return Call(AssignmentView, "POST", f"/experiments/{_segment(experiment_id)}/assign", body)


def get_results(experiment_id: str, fields: ResultsFields) -> Call[ResultsView]:
    return Call(ResultsView, "GET", f"/experiments/{_segment(experiment_id)}/results", query=fields)


def set_covariates(experiment_id: str, covariates: Mapping[str, float]) -> Call[CovariatesView]:
    body = {"covariates": dict(covariates)}
    return Call(CovariatesView, "PUT", f"/experiments/{_segment(experiment_id)}/covariates", body)


def get_covariates(experiment_id: str) -> Call[CovariatesView]:
    return Call(CovariatesView, "GET", f"/experiments/{_segment(experiment_id)}/covariates")


def change_experiment(experiment_id: str, action: Action) -> Call[ExperimentView]:
    return Call(
        ExperimentView, "POST", f"/experiments/{_segment(experiment_id)}/{action}", {}, replayable=False
    )


def list_pools() -> Call[PoolPage]:
    return Call(PoolPage, "GET", "/pools")


def get_pool(name: str) -> Call[PoolView]:
    return Call(PoolView, "GET", f"/pools/{_segment(name)}")


def change_pool(name: str, changes: PoolFields) -> Call[PoolView]:
    return Call(PoolView, "PATCH", f"/pools/{_segment(name)}", changes)


def get_pool_report(name: str) -> Call[PoolReportView]:
    return Call(PoolReportView, "GET", f"/pools/{_segment(name)}/report")


def get_holdout() -> Call[HoldoutView]:
    return Call(HoldoutView, "GET", "/holdout")


def get_holdout_report() -> Call[HoldoutReportView]:
    return Call(HoldoutReportView, "GET", "/holdout/report")


def change_holdout(share: float, baseline: Sequence[str]) -> Call[HoldoutView]:
    return Call(HoldoutView, "PUT", "/holdout", {"share": share, "baseline": list(baseline)})


def stop_holdout() -> Call[HoldoutView]:
    return Call(HoldoutView, "DELETE", "/holdout")


def promote(experiment_id: str, variant_id: str | None, archive_others: bool) -> Call[ExperimentView]:
    body = {"variant_id": variant_id, "archive_others": archive_others}
    return Call(
        ExperimentView, "POST", f"/experiments/{_segment(experiment_id)}/promote", body, replayable=False
    )

"""Each call of the HTTP contract: where it goes, what it carries, and whether it may be sent twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, Unpack
from urllib.parse import quote
from uuid import uuid4

from armful.client.answers import (
    Assignment,
    BatchRecorded,
    Experiment,
    ExperimentPage,
    Recorded,
    Selection,
    Standings,
    StandingsTable,
    Variant,
    VariantPage,
    VariantStats,
)
from armful.client.fields import (
    AssignFields,
    ListFields,
    NewExperiment,
    NewVariant,
    PerformanceFields,
    PerformanceUpdate,
    ResultsFields,
    SelectFields,
    TableFields,
    VariantChanges,
)
from armful.client.results import Results

Answer = TypeVar("Answer")
Action = Literal["start", "pause", "resume", "stop"]


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One call. It is `replayable` if doing it twice is as good as doing it once; the answer is JSON unless it is `text`."""

    method: str
    path: str
    body: object = None
    query: Mapping[str, Any] = field(default_factory=dict)
    replayable: bool = True
    text: bool = False


def _segment(name: str) -> str:
    """An id as one segment of a path, whatever characters it has; `.` and `..` would otherwise be taken for steps."""
    return quote(name, safe="").replace(".", "%2E") if name in (".", "..") else quote(name, safe="")


def select(persona_id: str, top_k: int, fields: SelectFields) -> Call[Selection]:
    defaults = {"algorithm": "thompson_sampling_exploration", "exploration_ratio": 0.2}
    body = {**defaults, **fields, "persona_id": persona_id, "top_k": top_k}
    return Call("POST", "/variants/select", body)


def track_performance(variant_id: str, success: bool, **fields: Unpack[PerformanceFields]) -> Call[Recorded]:
    body = {"impression": True, "event_id": uuid4().hex, **fields, "success": bool(success)}
    return Call("POST", f"/variants/{_segment(variant_id)}/performance", body)


def track_batch(updates: Iterable[PerformanceUpdate]) -> Call[BatchRecorded]:
    items = [{"impression": True, "event_id": uuid4().hex, **update} for update in updates]
    return Call("POST", "/performance/batch", {"updates": items})


def get_variant_stats(variant_id: str, confidence_level: float) -> Call[VariantStats]:
    query = {"confidence_level": confidence_level}
    return Call("GET", f"/variants/{_segment(variant_id)}/stats", query=query)


def list_variants(fields: ListFields) -> Call[VariantPage]:
    return Call("GET", "/variants", query=_query(fields))


def _query(fields: ListFields | TableFields) -> dict[str, Any]:
    query: dict[str, Any] = {name: value for name, value in fields.items() if name != "dimensions"}
    return query | {f"dimension.{name}": value for name, value in fields.get("dimensions", {}).items()}


def get_standings() -> Call[Standings]:
    return Call("GET", "/standings")


def get_standings_table(fields: TableFields) -> Call[StandingsTable]:
    return Call("GET", "/standings/table", query=_query(fields))


def get_metrics() -> Call[str]:
    return Call("GET", "/metrics", text=True)


def get_variant(variant_id: str) -> Call[Variant]:
    return Call("GET", f"/variants/{_segment(variant_id)}")


def create_variants(variants: Iterable[NewVariant]) -> Call[dict[Literal["variants"], list[Variant]]]:
    return Call("POST", "/variants", {"variants": list(variants)}, replayable=False)


def change_variant(variant_id: str, changes: VariantChanges) -> Call[Variant]:
    return Call("PATCH", f"/variants/{_segment(variant_id)}", changes)


def archive_variant(variant_id: str) -> Call[Variant]:
    return Call("DELETE", f"/variants/{_segment(variant_id)}")


def start_experiment(fields: NewExperiment) -> Call[Experiment]:
    return Call("POST", "/experiments/start", fields, replayable=False)


def get_experiment(experiment_id: str) -> Call[Experiment]:
    return Call("GET", f"/experiments/{_segment(experiment_id)}")


def list_experiments(limit: int, cursor: str | None) -> Call[ExperimentPage]:
    query = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
    return Call("GET", "/experiments", query=query)


def assign(experiment_id: str, participant_id: str, fields: AssignFields) -> Call[Assignment]:
    body = {**fields, "participant_id": participant_id}
    return Call("POST", f"/experiments/{_segment(experiment_id)}/assign", body)


def get_results(experiment_id: str, fields: ResultsFields) -> Call[Results]:
    return Call("GET", f"/experiments/{_segment(experiment_id)}/results", query=fields)


def change_experiment(experiment_id: str, action: Action) -> Call[Experiment]:
    return Call("POST", f"/experiments/{_segment(experiment_id)}/{action}", {}, replayable=False)


def promote(experiment_id: str, variant_id: str | None, archive_others: bool) -> Call[Experiment]:
    body = {"variant_id": variant_id, "archive_others": archive_others}
    return Call("POST", f"/experiments/{_segment(experiment_id)}/promote", body, replayable=False)

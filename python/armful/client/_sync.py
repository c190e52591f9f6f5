"""The client for synchronous programs.

Generated from `_async.py` by `make client`: change that.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, cast

import httpx2

from ..contract.covariates import CovariatesView
from ..contract.experiments import AssignmentView, ExperimentPage, ExperimentView
from ..contract.fatigue import FatigueList, FatigueStatus, FatigueView
from ..contract.holdout import HoldoutReportView, HoldoutView
from ..contract.insights import StandingsView, TableView
from ..contract.outcomes import BatchAnswer, BatchItem, PerformanceAnswer
from ..contract.pools import PoolPage, PoolReportView, PoolView
from ..contract.results import ResultsView
from ..contract.selection import SelectedVariant, Selection
from ..contract.variants import SimilarVariants, StatsView, VariantPage, VariantView
from ..domain.variant import NewVariant
from . import _calls, _session
from ._calls import Action, Call
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

T = TypeVar("T")


class Client:
    """A session with an armful service, for use from any thread. Close it, or use it in a `with` statement.

    Every method raises `ApiError` for an error response, and `UnreachableError` if no response arrives.

    Args:
        base_url: The address of the service, such as `http://127.0.0.1:8000`.
        api_key: A key with the scopes that the calls need.
        timeout: Seconds that an attempt waits for a connection, and then for a response.
        retries: How often a call is retried when the service is unreachable, busy or silent. A reported outcome counts
            once, however often it is sent. A call that must not run twice is retried only if it certainly has not run.
    """

    def __init__(self, base_url: str, api_key: str, *, timeout: float = 5.0, retries: int = 3) -> None:
        self.base_url = base_url
        """The address of the service."""
        self._http = httpx2.Client(**_session.options(base_url, api_key, timeout))
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def _do(self, call: Call[T]) -> T:
        request = self._http.build_request(**_session.request(call))
        for tries in range(self._retries + 1):
            outcome: _session.Attempt
            try:
                outcome = self._http.send(request)
            except httpx2.TransportError as error:
                outcome = error
            pause = _session.pause(call, outcome, tries)
            if pause is None or tries == self._retries:
                break
            time.sleep(pause)
        return cast("T", _session.answer(call, outcome))

    def select(self, persona_id: str, top_k: int = 5, **fields: Unpack[SelectFields]) -> Selection:
        """Choose variants for a persona by Thompson sampling; by default, a fifth of the places go to little-tested ones."""
        return self._do(_calls.select(persona_id, top_k, fields))

    def select_variants(
        self, persona_id: str, top_k: int = 5, **fields: Unpack[SelectFields]
    ) -> list[SelectedVariant]:
        """Choose variants as `select` does, and return only the variants, best draw first."""
        return self.select(persona_id, top_k, **fields).selected_variants

    def track_performance(
        self, variant_id: str, success: bool, **fields: Unpack[PerformanceFields]
    ) -> PerformanceAnswer:
        """Report that a variant was shown (unless `impression=False`) and whether it succeeded."""
        return self._do(_calls.track_performance(variant_id, success, **fields))

    def track_batch(
        self, updates: Iterable[BatchItem | Mapping[str, Any]], *, reasons: bool = False
    ) -> BatchAnswer:
        """Report up to 10,000 outcomes at once. Valid ones count even if others are rejected.

        With `reasons`, the answer says which ones were not counted, or not in an experiment, and why.
        """
        return self._do(_calls.track_batch(updates, reasons))

    def get_variant_stats(self, variant_id: str, confidence_level: float = 0.95) -> StatsView:
        """Return a variant's success rate with its intervals, and its posterior."""
        return self._do(_calls.get_variant_stats(variant_id, confidence_level))

    def list_variants(self, **fields: Unpack[ListFields]) -> VariantPage:
        """List variants in order of creation. Pass `cursor=page.next_cursor` for the next page."""
        return self._do(_calls.list_variants(fields))

    def get_standings(self) -> StandingsView:
        """Compare the active variants."""
        return self._do(_calls.get_standings())

    def get_standings_table(self, **fields: Unpack[TableFields]) -> TableView:
        """Return a page of variants with their standings. By default, the highest chance to be best comes first."""
        return self._do(_calls.get_standings_table(fields))

    def get_fatigue(
        self, status: FatigueStatus | None = None, *, pool: str | None = None, limit: int = 100
    ) -> FatigueList:
        """List the active variants with their fatigue: fatigued ones first, then those that have declined most."""
        return self._do(_calls.get_fatigue(status, pool, limit))

    def get_variant_fatigue(self, variant_id: str) -> FatigueView:
        """Return whether a variant's rate has declined in the last 30 days, compared with the others."""
        return self._do(_calls.get_variant_fatigue(variant_id))

    def get_metrics(self) -> str:
        """Return the service's metrics in Prometheus' text format."""
        return self._do(_calls.get_metrics())

    def get_variant(self, variant_id: str) -> VariantView:
        """Read a variant from the database."""
        return self._do(_calls.get_variant(variant_id))

    def get_similar_variants(self, variant_id: str, limit: int = 10) -> SimilarVariants:
        """Return the active variants of the same pool that are most like a variant."""
        return self._do(_calls.get_similar_variants(variant_id, limit))

    def create_variants(self, variants: Iterable[NewVariant | Mapping[str, Any]]) -> list[VariantView]:
        """Create up to 10,000 variants: all of them or none."""
        return self._do(_calls.create_variants(variants)).variants

    def change_variant(self, variant_id: str, **changes: Unpack[VariantFields]) -> VariantView:
        """Change some fields of a variant. `status="active"` restores an archived one."""
        return self._do(_calls.change_variant(variant_id, changes))

    def archive_variant(self, variant_id: str, *, retire: bool = False) -> VariantView:
        """Archive a variant: nothing shows it any more, and its data is kept.

        With `retire`, running experiments continue without it. Otherwise, and for their control, the response is a 409.
        """
        return self._do(_calls.archive_variant(variant_id, retire))

    def start_experiment(self, **fields: Unpack[ExperimentFields]) -> ExperimentView:
        """Start an experiment, or save it as a draft with `draft=True`."""
        return self._do(_calls.start_experiment(fields))

    def get_experiment(self, experiment_id: str) -> ExperimentView:
        """Read an experiment."""
        return self._do(_calls.get_experiment(experiment_id))

    def list_experiments(self, limit: int = 100, cursor: str | None = None) -> ExperimentPage:
        """List experiments, newest first."""
        return self._do(_calls.list_experiments(limit, cursor))

    def assign(
        self, experiment_id: str, participant_id: str, **fields: Unpack[AssignFields]
    ) -> AssignmentView:
        """Assign a participant to a variant. The same participant always gets the same one."""
        return self._do(_calls.assign(experiment_id, participant_id, fields))

    def get_results(self, experiment_id: str, **fields: Unpack[ResultsFields]) -> ResultsView:
        """Return an experiment's results so far."""
        return self._do(_calls.get_results(experiment_id, fields))

    def set_covariates(self, experiment_id: str, covariates: Mapping[str, float]) -> CovariatesView:
        """Set a number of each participant from before they took part, for which results are adjusted. Up to 10,000."""
        return self._do(_calls.set_covariates(experiment_id, covariates))

    def get_covariates(self, experiment_id: str) -> CovariatesView:
        """Count the participants of an experiment that have a covariate."""
        return self._do(_calls.get_covariates(experiment_id))

    def change_experiment(self, experiment_id: str, action: Action) -> ExperimentView:
        """Start a draft, or pause, resume or stop an experiment."""
        return self._do(_calls.change_experiment(experiment_id, action))

    def promote(
        self, experiment_id: str, variant_id: str | None = None, *, archive_others: bool = False
    ) -> ExperimentView:
        """Promote a variant, which ends the experiment. By default, the winner is promoted."""
        return self._do(_calls.promote(experiment_id, variant_id, archive_others))

    def list_pools(self) -> PoolPage:
        """List all named pools."""
        return self._do(_calls.list_pools())

    def get_pool(self, name: str) -> PoolView:
        """Read a pool's settings and what is in force."""
        return self._do(_calls.get_pool(name))

    def change_pool(self, name: str, **changes: Unpack[PoolFields]) -> PoolView:
        """Change settings of a pool, and create it if there is none of this name."""
        return self._do(_calls.change_pool(name, changes))

    def get_pool_report(self, name: str) -> PoolReportView:
        """Compare the selections of a pool that learn with its random control."""
        return self._do(_calls.get_pool_report(name))

    def get_holdout(self) -> HoldoutView:
        """Read the global holdout. Without one, the share is 0."""
        return self._do(_calls.get_holdout())

    def get_holdout_report(self) -> HoldoutReportView:
        """Compare everybody else with the held-out participants, since the holdout began."""
        return self._do(_calls.get_holdout_report())

    def change_holdout(self, share: float, baseline: Sequence[str] = ()) -> HoldoutView:
        """Hold out a share of all participants, or change the share. They are shown the variants of `baseline`."""
        return self._do(_calls.change_holdout(share, baseline))

    def stop_holdout(self) -> HoldoutView:
        """Stop the global holdout."""
        return self._do(_calls.stop_holdout())

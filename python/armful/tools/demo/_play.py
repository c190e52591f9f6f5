"""Sends simulated visitors to a service. They see what it selects, and succeed or not."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_hex

import numpy as np
from msgspec import Struct

from armful.client import AsyncClient
from armful.client.fields import PerformanceFields
from armful.contract.experiments import NewMetric
from armful.domain.errors import ArmfulError
from armful.domain.variant import NewVariant
from armful.tools.demo._scene import DAYS, DemoExperiment, Scene, Stage
from armful.tools.demo._world import PERSONAS, Offer, bustle
from armful.tools.session import ServiceFailed, reachable, session

_CONNECTIONS = 16
_TICK = 0.05  # seconds between two readings of the clock
_WAITING = 64  # visits that may wait for a connection; a slow machine gets fewer
_EXPERIMENT_SHARE = 0.35  # of all visits
_DURATION = 28  # planned days of an experiment


class OtherVariants(ArmfulError):
    """The service at {} has {} other variants: use an empty one (--serve), or continue with --force."""


class NobodyThere(ArmfulError):
    """Nothing responds at {}: start armful there, or use --serve."""


class _Visit(Struct, frozen=True):
    number: int
    stage: Stage | DemoExperiment
    persona: str
    at: datetime
    luck: float
    harm: float
    seed: int


async def play(
    scene: Scene,
    *,
    url: str,
    key: str,
    seconds: float = 60.0,
    rate: float = 150.0,
    force: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Fill the service with the scene's variants and experiments, and send visitors for some seconds.

    The demo simulates the two weeks before now. Each outcome is reported with its simulated time (`occurred_at`), and there
    is more traffic by day than by night. Experiments run in real time. A demo with the same seed as before continues it.

    Args:
        scene: the state of the demo; every reported visit is added to it.
        url: the URL of the service.
        key: an API key with the scopes `read`, `select` and `write`.
        seconds: the duration, greater than 0.
        rate: the mean number of visits per second; a slow service gets fewer.
        force: whether to continue if the service has other variants.
        ready: called after variants and experiments are created, before the first visitor.

    Raises:
        NobodyThere: nothing responds at `url`.
        OtherVariants: the service has other variants, and `force` is False. Nothing was changed.
        ServiceFailed: the service refused a request, or did not respond for a minute.
        ValueError: `url` is not a URL.
    """
    async with session(url, key) as client:
        await _prepare(client, scene, url, force)
        ready()
        queue: asyncio.Queue[_Visit | None] = asyncio.Queue(_WAITING)
        run = token_hex(4)

        async def work() -> None:
            while visit := await queue.get():
                await _visit(client, run, scene, visit)

        async with asyncio.TaskGroup() as group:
            for _ in range(_CONNECTIONS):
                group.create_task(work())
            await _let_in(queue, scene, seconds, rate)
            for _ in range(_CONNECTIONS):
                await queue.put(None)


async def _let_in(queue: asyncio.Queue[_Visit | None], scene: Scene, seconds: float, rate: float) -> None:
    """Queue the visitors as the demo's clock advances."""
    loop = asyncio.get_running_loop()
    random = np.random.default_rng([scene.seed, 2**32])
    stages, experiments = list(scene.stages.values()), list(scene.experiments.values())
    personas, weights = list(PERSONAS), np.array(list(PERSONAS.values()))
    began = before = loop.time()
    due, number = 0.0, 0
    while (now := loop.time()) < began + seconds:
        scene.now = scene.begins + timedelta(days=DAYS * (now - began) / seconds)
        due += rate * bustle(scene.now) * (now - before)
        before = now
        while due >= 1:
            due -= 1
            if queue.full():
                continue
            in_experiment = random.random() < _EXPERIMENT_SHARE
            places: list[Stage] | list[DemoExperiment] = experiments if in_experiment else stages
            queue.put_nowait(
                _Visit(
                    number=number,
                    stage=places[random.integers(len(places))],
                    persona=personas[random.choice(len(personas), p=weights / weights.sum())],
                    at=scene.now,
                    luck=random.random(),
                    harm=random.random(),
                    seed=int(random.integers(2**63)),
                )
            )
            number += 1
        await asyncio.sleep(_TICK)


async def _visit(client: AsyncClient, run: str, scene: Scene, visit: _Visit) -> None:
    if isinstance(visit.stage, DemoExperiment):
        await _take_part(client, run, visit, visit.stage)
    else:
        await _look(client, run, scene, visit, visit.stage)


async def _look(client: AsyncClient, run: str, scene: Scene, visit: _Visit, stage: Stage) -> None:
    """Simulate a visit to a campaign."""
    for _ in range(50):
        selection = await client.select(
            visit.persona,
            1,
            algorithm="thompson_sampling",
            dimensions={**_mark(scene), "campaign": stage.campaign.name},
            seed=visit.seed,
        )
        if selection.selected_variants:
            break
        await asyncio.sleep(0.1)  # another worker may not have the variants yet
    else:
        raise ServiceFailed(client.base_url, f"it selects nothing for the campaign {stage.campaign.name}")
    variant_id = selection.selected_variants[0].variant_id
    success = visit.luck < stage.truth.rate(visit.persona, variant_id, visit.at)
    late = success and stage.campaign.late
    report: PerformanceFields = {
        "selection_id": selection.selection_id,
        "persona_id": visit.persona,
        "occurred_at": visit.at,
        "event_id": f"{run}-{visit.number}",
    }
    await client.track_performance(variant_id, success and not late, **report)
    if late:  # this turns the impression of that selection into a success
        report["impression"] = False
        report["event_id"] += "-late"
        await client.track_performance(variant_id, True, **report)
    stage.count(visit.persona, variant_id, visit.at, success)


async def _take_part(client: AsyncClient, run: str, visit: _Visit, experiment: DemoExperiment) -> None:
    """Simulate a visit of a participant in an experiment."""
    trial, participant = experiment.trial, f"{run}-{visit.number}"
    assigned = await client.assign(experiment.experiment_id, participant, persona_id="developers")
    arm = [offer.variant_id for offer in trial.offers].index(assigned.variant_id)
    success = visit.luck < trial.rates[arm]
    metrics: dict[str, bool | float] = {trial.guardrail: visit.harm < trial.harms[arm]}
    if trial.number is not None and success:
        metrics[trial.number] = trial.amount(arm, visit.seed)
    await client.track_performance(
        assigned.variant_id,
        success,
        persona_id="developers",
        experiment_id=experiment.experiment_id,
        participant_id=participant,
        metrics=metrics,
        metadata={"device": "phone" if visit.seed % 3 else "desktop"},
        event_id=participant,
    )
    experiment.participants += 1
    experiment.successes += success


async def _prepare(client: AsyncClient, scene: Scene, url: str, force: bool) -> None:
    """Create the variants and start the experiments of the demo, if they do not exist."""
    mark = _mark(scene)
    if not await reachable(url):
        raise NobodyThere(url)
    mine = await client.list_variants(dimensions=mark, status="all", limit=10_000)
    everything = await client.list_variants(status="all", limit=1)
    others = everything.total_count - mine.total_count
    if others and not force:
        raise OtherVariants(url, others)
    there = {variant.variant_id for variant in mine.variants}
    offers: list[Offer] = [offer for stage in scene.stages.values() for offer in stage.campaign.offers]
    offers += [offer for one in scene.experiments.values() for offer in one.trial.offers]
    missing = [
        NewVariant(
            variant_id=offer.variant_id, content=offer.content, dimensions={**offer.dimensions, **mark}
        )
        for offer in offers
        if offer.variant_id not in there
    ]
    if missing:
        await client.create_variants(missing)
    running = {
        frozenset(arm.variant_id for arm in one.variants): one.experiment_id
        for one in (await client.list_experiments(1000)).experiments
        if one.status == "active"
    }
    for experiment in scene.experiments.values():
        arms = frozenset(offer.variant_id for offer in experiment.trial.offers)
        experiment.experiment_id = running.get(arms) or await _start(client, experiment)


async def _start(client: AsyncClient, experiment: DemoExperiment) -> str:
    trial = experiment.trial
    arms = len(trial.offers)
    metrics: list[str | NewMetric] = [trial.success]
    if trial.number is not None:
        metrics.append(NewMetric(trial.number, type="number", winsorize=0.99))
    started = await client.start_experiment(
        experiment_name=trial.name,
        description=trial.description,
        variant_ids=[offer.variant_id for offer in trial.offers],
        traffic_allocation=[1 / arms] * arms,
        target_persona="developers",
        success_metrics=metrics,
        guardrail_metrics=[trial.guardrail],
        duration_days=_DURATION,
        allocation=trial.allocation,
    )
    return started.experiment_id


def _mark(scene: Scene) -> dict[str, str]:
    """Return the dimension that marks the variants of a demo, in words for the dashboard, where it is a filter."""
    return {"sample data": f"armful demo, seed {scene.seed}"}

"""Conversions of experiments and assignments to wire types."""

from msgspec import UNSET

from armful.contract.experiments import ArmView, AssignmentView, ExperimentView
from armful.domain.experiment import Experiment
from armful.features.experiments.assignment import ParticipantDecision


def experiment_view(experiment: Experiment) -> ExperimentView:
    """Convert an experiment."""
    adaptive = experiment.allocation == "thompson"
    return ExperimentView(
        variants=[
            ArmView(
                variant_id=arm.variant_id,
                traffic_allocation=arm.traffic_allocation,
                floor=arm.floor if adaptive else UNSET,
                retired=True if arm.retired else UNSET,
            )
            for arm in experiment.arms
        ],
        traffic_allocation=[arm.traffic_allocation for arm in experiment.arms],
        control_variant_id=experiment.control.variant_id,
        guardrail_metrics=experiment.guardrails,
        metrics={name: experiment.metric(name) for name in experiment.metric_names},
        **{
            name: getattr(experiment, name)
            for name in ExperimentView.__struct_fields__
            if name
            not in ("variants", "traffic_allocation", "control_variant_id", "guardrail_metrics", "metrics")
        },
    )


def assignment_view(experiment_id: str, participant_id: str, assigned: ParticipantDecision) -> AssignmentView:
    """Convert an assignment."""
    return AssignmentView(
        experiment_id=experiment_id,
        participant_id=participant_id,
        variant_id=assigned.variant.variant_id,
        content=assigned.variant.content,
        dimensions=assigned.variant.dimensions,
        enrolled=assigned.enrolled,
        is_new=assigned.is_new,
        propensity=assigned.propensity,
        reason=assigned.reason,
    )

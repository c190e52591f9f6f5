"""Conversions of the global holdout and its report to wire types."""

from armful.contract.holdout import HoldoutDayView, HoldoutReportView, HoldoutView
from armful.contract.results import ParticipantsView
from armful.domain.holdout import Holdout
from armful.features.holdouts.report import CONFIDENCE_LEVEL, Group, HoldoutReport
from armful.http.views.intervals import ends, finite


def holdout_view(holdout: Holdout | None) -> HoldoutView:
    """Convert the holdout. Without one, the share is 0."""
    if holdout is None:
        return HoldoutView(share=0.0, baseline=[], salt=None, started_at=None)
    return HoldoutView(
        share=holdout.share, baseline=holdout.baseline, salt=holdout.salt, started_at=holdout.started_at
    )


def report_view(report: HoldoutReport) -> HoldoutReportView:
    """Convert the report. An infinite lift or bound is null."""
    return HoldoutReportView(
        share=0.0 if report.holdout is None else report.holdout.share,
        started_at=None if report.holdout is None else report.holdout.started_at,
        held_out=_group(report.held_out),
        others=_group(report.others),
        difference=report.difference,
        difference_interval=ends(report.difference_interval),
        lift=finite(report.lift),
        lift_interval=ends(report.lift_interval),
        p_value=report.p_value,
        confidence_level=CONFIDENCE_LEVEL,
        days=[
            HoldoutDayView(
                day=day.day,
                held_out=_group(day.held_out),
                others=_group(day.others),
                lift=finite(day.lift),
                lift_interval=ends(day.lift_interval),
            )
            for day in report.days
        ],
    )


def _group(group: Group) -> ParticipantsView:
    return ParticipantsView(
        participants=group.participants, converted=group.converted, conversion_rate=group.rate
    )

"""Request and response types of covariates."""

from typing import Annotated

from msgspec import Meta, Struct

from ..domain.fields import Amount, Label

MAX_UPLOAD = 10_000
"""How many participants one request may set the covariate of."""


class CovariatesRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The covariates of participants: a number for each participant's id, known before they took part."""

    covariates: Annotated[dict[Label, Amount], Meta(min_length=1, max_length=MAX_UPLOAD)]


class CovariateLine(Struct, kw_only=True, forbid_unknown_fields=True):
    """The covariate of one participant: a line of an upload in NDJSON or CSV."""

    participant_id: Label
    value: Amount


class CovariatesView(Struct, kw_only=True):
    """How many participants of an experiment have a covariate.

    `accepted` are those of the request, and 0 where none was sent. `covariates` are all that are stored, also of people who
    have not been seen. `participants` are those of the present phase that events name, and `with_covariate` those of them
    that have one.
    """

    experiment_id: str
    accepted: int
    covariates: int
    participants: int
    with_covariate: int

"""`GET /audit`: every administrative change, for those with the scope `admin`."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from armful.contract.audit import AuditPage
from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError
from armful.features.services import Services
from armful.http.decoding import place

_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@get("/audit", scope="admin", summary="Who changed what")
async def list_audit(
    services: NamedDependency[Services],
    kind: FromQuery[Literal["variant", "experiment", "key", "import"] | None] = None,
    subject: FromQuery[str | None] = None,
    actor: FromQuery[str | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    cursor: FromQuery[str | None] = None,
) -> AuditPage:
    """Every administrative change to variants, experiments and keys, newest first: who, when, what, by which request.

    `kind` and `subject` (an id) name what was changed; `actor` a key's id or name, or `command line`; `since` and `until`
    (not included) the time. Changes that were asked for and refused are none.
    """
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise Unprocessable(FieldError(name, f"has no time zone: write {moment.isoformat()}Z for UTC"))
        if moment is not None and not _FIRST < moment < _LAST:
            raise Unprocessable(
                FieldError(name, f"is {moment.isoformat()}: only the years 2 to 9998 will do")
            )
    entries = await services.audit.page(
        kind=kind,
        subject=subject,
        actor=actor,
        since=since,
        until=until,
        before=place(cursor),
        limit=limit + 1,
    )
    more = str(entries[limit - 1].id) if len(entries) > limit else None
    return AuditPage(entries[:limit], more)


router = Router("/", route_handlers=[list_audit], tags=["audit"])

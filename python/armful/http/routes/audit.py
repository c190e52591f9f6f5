"""`GET /audit`: the log of administrative changes. Needs the scope `admin`."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from armful.contract.audit import AuditPage
from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError
from armful.features.services import Services
from armful.http.decoding import parse_cursor

_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@get("/audit", scope="admin", operation_id="listChanges", summary="List administrative changes")
async def list_audit(
    services: NamedDependency[Services],
    kind: FromQuery[Literal["variant", "experiment", "key", "holdout", "pool", "import"] | None] = None,
    subject: FromQuery[str | None] = None,
    actor: FromQuery[str | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    cursor: FromQuery[str | None] = None,
) -> AuditPage:
    """Every administrative change to variants, pools, experiments, keys and the holdout, newest first.

    An entry says who made the change, when, what, and by which request.

    Filter by what was changed (`kind`, and `subject`, an id), by `actor` (a key's id or name, or `command line`), and by
    time (`since`, inclusive, and `until`, exclusive). Rejected requests are not in the log.
    """
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise Unprocessable(FieldError(name, f"has no time zone: write {moment.isoformat()}Z for UTC"))
        if moment is not None and not _FIRST < moment < _LAST:
            raise Unprocessable(
                FieldError(name, f"is {moment.isoformat()}: send a time in the years 2 to 9998")
            )
    entries = await services.audit.page(
        kind=kind,
        subject=subject,
        actor=actor,
        since=since,
        until=until,
        before=parse_cursor(cursor),
        limit=limit + 1,
    )
    more = str(entries[limit - 1].id) if len(entries) > limit else None
    return AuditPage(entries[:limit], more)


router = Router("/", route_handlers=[list_audit], tags=["audit"])

"""The route that lists the decisions of a version, so that they can be made again and people can be told."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from credit.common.errors import CreditError, Problem
from credit.decision_log.listing import Cursor, list_decisions
from service.api.log.records import note_look_up
from service.api.openapi import NOT_FOUND_REFUSAL, READ_REFUSALS
from service.api.request_reading import read_parts
from service.api.responses import DecisionListResponse, RefusalError, render_json, select_public_fields
from service.api.state import Parts

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)

_LISTED_FIELDS = ("inputs", "applicant", "caller", "idempotency_key", "repeat_of")

VersionName = Annotated[str, Path(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+$", max_length=32, examples=["v1.2.0"])]
AfterId = Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="`next` of the page before")]


@ROUTER.get(
    "/v1/versions/{version}/decisions",
    response_model=DecisionListResponse,
    responses=READ_REFUSALS | NOT_FOUND_REFUSAL,
    tags=["look up"],
)
def list_version_decisions(request: Request, version: VersionName, after: AfterId = None) -> Response:
    """List the decisions of a version, the oldest first, page by page."""
    parts = read_parts(request)
    try:
        page = list_decisions(parts.log.database, version, parts.settings.environment, _find_cursor(parts, after))
        spooled = parts.log.count_spooled()
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    note_look_up(request, {"version": version, "after": after, "decisions": len(page.decisions)})
    listed = [
        select_public_fields(record) | {name: record[name] for name in _LISTED_FIELDS} for record in page.decisions
    ]
    return render_json({"decisions": listed, "next": page.cursor.id if page.cursor else None, "spooled": spooled})


def _find_cursor(parts: Parts, after: str | None) -> Cursor | None:
    """Find the place after a decision. Raises RefusalError when the database has no such decision."""
    if after is None:
        return None
    record = parts.log.database.find(after)
    if record is None:
        raise RefusalError(404, "no such decision", [Problem("after", after, "`next` of the page before")])
    return Cursor(record["decided_at"], after)

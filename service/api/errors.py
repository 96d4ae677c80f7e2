"""Turn every error that a route may end with into a refusal of one form."""

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from credit.common.errors import CreditError, Problem
from service import metrics
from service.api.responses import RefusalError, render_refusal
from service.engine.batching import RecordingError


def handle_error(error: Exception) -> Response:
    """Count an error and render its refusal, which says nothing of what happened inside."""
    told = _classify_error(error)
    metrics.REFUSAL_COUNT.labels(str(told.status)).inc()
    return render_refusal(told)


def _classify_error(error: Exception) -> RefusalError:
    if isinstance(error, RefusalError):
        return error
    if isinstance(error, RecordingError):
        return RefusalError(503, "the decision could not be recorded, so none was made", Retry_After="1")
    if isinstance(error, CreditError):
        return RefusalError(422, "the application is not one that this version decides", error.problems)
    if isinstance(error, RequestValidationError):
        problems = [Problem(".".join(map(str, e["loc"])), "what is not allowed", e["msg"]) for e in error.errors()]
        return RefusalError(422, "the request is not one that this service answers", problems)
    if isinstance(error, HTTPException):
        headers = {name.replace("-", "_"): value for name, value in (error.headers or {}).items()}
        return RefusalError(error.status_code, str(error.detail).lower(), [], **headers)
    return RefusalError(500, "the service failed; what happened is in its log")

"""Turn every error that a route may end with into a refusal of one form."""

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from credit.common.errors import CreditError
from credit.decision_log.repeats import KeyConflictError
from service import metrics
from service.api.responses import RefusalError, render_refusal
from service.deciding.decider import BusyError
from service.deciding.recording import RecordingError
from service.engine.request_errors import describe_error


def handle_error(error: Exception) -> Response:
    """Count an error and render its refusal, which says nothing of what happened inside."""
    refusal = _classify_error(error)
    metrics.REFUSAL_COUNT.labels(str(refusal.status)).inc()
    metrics.count_refused_fields(refusal.problems)
    return render_refusal(refusal)


def _classify_error(error: Exception) -> RefusalError:
    if isinstance(error, RefusalError):
        return error
    if isinstance(error, RecordingError):
        return RefusalError(503, "the decision could not be recorded, so none was made", Retry_After="1")
    if isinstance(error, BusyError):
        return RefusalError(503, "too many batches at a time", Retry_After="1")
    if isinstance(error, KeyConflictError):
        return RefusalError(409, "this idempotency key belongs to another request")
    if isinstance(error, CreditError):
        return RefusalError(422, "the request does not fit the contract of the live version", error.problems)
    if isinstance(error, RequestValidationError):
        return RefusalError(422, "invalid request", [describe_error(one) for one in error.errors()])
    if isinstance(error, HTTPException):
        headers = {name.replace("-", "_"): value for name, value in (error.headers or {}).items()}
        return RefusalError(error.status_code, str(error.detail).lower(), [], **headers)
    return RefusalError(500, "internal error; see the log of the service")

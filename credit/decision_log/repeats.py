"""Recognise a request that was recorded before, under the idempotency key that it has again."""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow


class KeyConflictError(CreditError):
    """A request under the idempotency key of another one."""


RecordedRequest = list[DecisionRow] | CreditError
"""The decisions that are recorded for a request, or why there are none; KeyConflictError: it is refused."""


def find_recorded(request: list[DecisionRow], there: Mapping[str, DecisionRow]) -> RecordedRequest:
    """Find the recorded decisions of a request: itself, those of the same request before, or none of them."""
    first = request[0]["idempotency_key"]
    if first is None or there[first]["id"] == request[0]["id"]:
        return request
    found = [there[key] for record in request if (key := record["idempotency_key"]) in there]
    if len(found) == len(request) and _is_same_request(request, found):
        return found
    return KeyConflictError(Problem("Idempotency-Key", "the key of another request", "a key of its own"))


def _is_same_request(request: Sequence[DecisionRow], found: Sequence[DecisionRow]) -> bool:
    """Compare the fingerprints; of decisions from before there were any, and so without one, the values."""
    if found[0]["fingerprint"] is not None:
        return bool(found[0]["fingerprint"] == request[0]["fingerprint"])
    values = itemgetter("inputs", "protected")
    return list(map(values, found)) == list(map(values, request))

"""Recent requests with an idempotency key, so that a repeat is recognised while the database is away."""

from collections import OrderedDict

from credit.decision_log.database import DecisionRow

_MAX_DECISIONS = 10_000


class RecentRequests:
    """The decisions of recent requests, each found by the key of its first one."""

    def __init__(self, max_decisions: int = _MAX_DECISIONS) -> None:
        self._max = max_decisions
        self._requests: OrderedDict[str, list[DecisionRow]] = OrderedDict()
        self._decisions = 0

    def find(self, key: str | None) -> list[DecisionRow] | None:
        """Find a request by the key of its first decision."""
        return self._requests.get(key) if key is not None else None

    def add(self, request: list[DecisionRow]) -> None:
        """Add a request, whole; the oldest ones go when there are too many decisions."""
        key = request[0]["idempotency_key"]
        self._decisions += len(request) - len(self._requests.pop(key, ()))
        self._requests[key] = request
        while self._decisions > self._max and len(self._requests) > 1:
            self._decisions -= len(self._requests.popitem(last=False)[1])

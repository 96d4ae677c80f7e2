"""Decide one application whose request came in one piece, past ASGI: the usual case, which the others are left to.

A caller without a good key, or with too many requests at a time, is refused by the application.
"""

import asyncio
import logging

from fastapi import FastAPI

from credit.common.errors import CreditError
from service.access.keys import ANYBODY, KeyRefusedError
from service.api.auth import PLAIN_HEADERS, AuthMiddleware, Scope
from service.api.errors import handle_error
from service.api.fast_path import DECISIONS_PATH, JSON_TYPE, BegunDecision, begin_decision, find_largest_body
from service.api.request_reading import find_serving, require_json, require_size
from service.api.responses import RefusalError
from service.deciding.recording import AnswerFuture

_LOG = logging.getLogger(__name__)

Answer = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]
"""A status, headers with the length of the body, and the body."""

_HEADERS = (JSON_TYPE, *PLAIN_HEADERS)


class DirectDecision:
    """A decision on its way, or why there is none; until it is answered, it is one of its caller's requests."""

    __slots__ = ("_begun", "_caller", "_guarded", "waiting")

    def __init__(self, guarded: AuthMiddleware, caller: str, begun: BegunDecision | Exception) -> None:
        self._guarded, self._caller, self._begun = guarded, caller, begun
        if isinstance(begun, Exception):
            self.waiting: AnswerFuture = asyncio.get_running_loop().create_future()
            self.waiting.set_exception(begun)
        else:
            self.waiting = begun.waiting

    def finish(self) -> Answer:
        """Give the answer: the decision, or the refusal that the application would answer with."""
        self._guarded.release(self._caller)
        try:
            recorded = self.waiting.result()
            assert isinstance(self._begun, BegunDecision)  # noqa: S101 - for mypy: there is no result of an error
            body = self._begun.finish(recorded)
        except (RefusalError, CreditError) as error:
            return _refuse(error)
        except asyncio.CancelledError:  # the service ends, and has waited long enough
            return _refuse(RefusalError(503, "the service ends", Retry_After="1"))
        except Exception as error:  # noqa: BLE001 - as FastAPI does: somebody is waiting, and the service goes on
            _LOG.exception("a decision failed")
            return _refuse(error)
        return 200, ((b"content-length", b"%d" % len(body)), *_HEADERS), body


class DirectPath:
    """Answers requests for one decision."""

    def __init__(self, app: FastAPI, guarded: AuthMiddleware) -> None:
        self._app, self._guarded = app, guarded

    def takes(self, scope: Scope) -> bool:
        """Tell whether a request is one for a decision."""
        return bool(scope["path"] == DECISIONS_PATH and scope["method"] == "POST")

    def begin(self, scope: Scope, body: bytes) -> DirectDecision | None:
        """Begin to decide the application of a whole request; None leaves it to the application of ASGI."""
        try:
            owner = self._guarded.authenticate(scope)
            if owner == ANYBODY and self._app.state.parts.settings.trusted_proxies:
                return None  # a connection may have the address of a proxy, not the client's
            caller = self._guarded.admit(scope, owner)
        except (RefusalError, KeyRefusedError):
            return None
        try:
            return DirectDecision(self._guarded, caller, self._decide(scope, body, owner))
        except Exception as error:  # noqa: BLE001 - `finish` tells of it, as of one that comes later
            return DirectDecision(self._guarded, caller, error)

    def _decide(self, scope: Scope, body: bytes, owner: str) -> BegunDecision:
        parts, headers = self._app.state.parts, scope["headers"]
        serving = find_serving(parts)
        require_json(headers)
        require_size(body, find_largest_body(parts))
        return begin_decision(parts, serving, headers, body, owner)


def _refuse(error: Exception) -> Answer:
    refusal = handle_error(error)
    return refusal.status_code, (*refusal.raw_headers, *PLAIN_HEADERS), bytes(refusal.body)

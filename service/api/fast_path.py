"""Decide one application past FastAPI, whose own work takes longer than the decision.

FastAPI has the route too: it documents it, and answers for every other method.
"""

import logging
import time
from typing import NamedTuple

from fastapi import FastAPI
from pydantic_core import to_json

from credit.common.errors import CreditError
from service import metrics
from service.api.auth import Receive, Scope, Send
from service.api.errors import handle_error
from service.api.log.applicants import hash_applicants
from service.api.request_headers import Headers
from service.api.request_reading import find_serving, read_idempotency_key, read_language, receive_body
from service.api.responses import RefusalError, select_public_fields
from service.api.state import Parts
from service.deciding.recording import AnswerFuture, RecordedDecisions
from service.engine.live_version import LiveVersion

_LOG = logging.getLogger(__name__)

DECISIONS_PATH = "/v1/decisions"

_MAX_APPLICATION_BYTES = 200_000
"""Bytes of one application. Parsing a larger one keeps everybody else waiting."""

JSON_TYPE = (b"content-type", b"application/json")


class FastPath:
    """Plain ASGI in front of a FastAPI application, without its objects around a request and an answer."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide one application, or leave the request to FastAPI."""
        if scope["type"] != "http" or scope["path"] != DECISIONS_PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            body = await decide_application(scope, receive, self._app.state.parts)
        except (RefusalError, CreditError) as error:
            await handle_error(error)(scope, receive, send)
            return
        except Exception as error:  # noqa: BLE001 - as FastAPI does: somebody is waiting, and the service goes on
            _LOG.exception("a decision failed")
            await handle_error(error)(scope, receive, send)
            return
        headers = [(b"content-length", b"%d" % len(body)), JSON_TYPE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def decide_application(scope: Scope, receive: Receive, parts: Parts) -> bytes:
    """Decide one application; return the answer in JSON. Raises what `handle_error` makes a refusal of."""
    serving, headers = find_serving(parts), scope["headers"]
    body = await receive_body(headers, receive, find_largest_body(parts))
    begun = begin_decision(parts, serving, headers, body, scope["state"]["caller"])
    return begun.finish(await begun.waiting)


def find_largest_body(parts: Parts) -> int:
    """Find how many bytes one application may have."""
    return min(parts.settings.max_body_bytes, _MAX_APPLICATION_BYTES)


class BegunDecision(NamedTuple):
    """A decision on its way, which ends `waiting`; `arrived`: when its application did."""

    serving: LiveVersion
    arrived: float
    waiting: AnswerFuture

    def finish(self, recorded: RecordedDecisions) -> bytes:
        """Count the decision; return the answer in JSON."""
        metrics.count_decisions(recorded, (self.serving,), time.monotonic() - self.arrived)
        return to_json(select_public_fields(recorded.records[0]))


def begin_decision(parts: Parts, serving: LiveVersion, headers: Headers, body: bytes, caller: str) -> BegunDecision:
    """Begin to decide one application, of which everything is there. Raises as `decide_application` does."""
    arrived = time.monotonic()  # with its last byte: a slow client does not use up the time of the model
    language = read_language(headers, serving.languages)
    (asked,) = hash_applicants(parts.settings, (serving.requests.parse(body, language),))
    key = read_idempotency_key(headers)
    serving = parts.dealer.deal(serving, asked, caller, key)
    return BegunDecision(serving, arrived, parts.decider.begin(serving, asked, caller, key, arrived))

"""Decide one application past FastAPI, whose own work takes longer than the decision.

FastAPI has the route too: it documents it, and answers for every other method.
"""

import logging

from fastapi import FastAPI, Request

from credit.common.errors import CreditError
from service.api.auth import Receive, Scope, Send
from service.api.errors import handle_error
from service.api.responses import RefusalError
from service.api.routes import DECISIONS_PATH, decide

_LOG = logging.getLogger(__name__)


class FastPath:
    """Plain ASGI in front of a FastAPI application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide one application, or leave the request to FastAPI."""
        if scope["type"] != "http" or scope["path"] != DECISIONS_PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        try:
            response = await decide(Request(scope, receive, send))
        except (RefusalError, CreditError) as error:
            response = handle_error(error)
        except Exception as error:  # noqa: BLE001 - as FastAPI does: somebody is waiting, and the service goes on
            _LOG.exception("a decision failed")
            response = handle_error(error)
        await response(scope, receive, send)

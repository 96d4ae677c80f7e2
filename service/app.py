"""The application: its parts, started and stopped together, and what every route has in common."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from credit.common.errors import CreditError
from credit.decision_log.group_commit import Writer
from credit.decision_log.log import DecisionLog
from service import metrics
from service.api import routes as api
from service.api.auth import Guard, read_keys
from service.api.errors import refused
from service.api.fast_path import Express
from service.api.openapi import documented
from service.api.responses import RefusedError
from service.api.state import Parts, problems_of
from service.engine.batching import Decider
from service.engine.follower import Follower
from service.engine.live_version import Serving
from service.page import routes as page
from service.parent_watch import end_with_parent
from service.settings import Settings, settings

_SWITCH = 0.0005
"""Seconds a thread may hold the interpreter while another waits; Python's own 5 ms would be added to every answer."""

_LOG = logging.getLogger(__name__)


async def _watched(parts: Parts) -> None:
    """Keep the figures of what is wrong those of now, also in a worker that is never asked for them."""
    while True:
        metrics.problems(problems_of(parts))
        await asyncio.sleep(1)


def create(chosen: Settings | None = None) -> Any:
    """The service as an ASGI application, for each worker one."""
    chosen = chosen or settings()
    keys = read_keys(chosen.keys_file)
    if chosen.workers > 1:
        end_with_parent()

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(_SWITCH)
        log = DecisionLog(chosen.database, chosen.state)
        writer = Writer(log)
        decider = Decider(writer, chosen.model_seconds)

        def swapped(serving: Serving) -> None:
            metrics.swapped(serving)
            decider.renew()

        follower = Follower(chosen, swapped)
        app.state.parts = Parts(chosen, follower, decider, log)
        app.state.watch = page.Watch(chosen, follower, log)
        follower.start()
        watching = asyncio.create_task(_watched(app.state.parts))
        yield
        watching.cancel()
        follower.stop()  # requests in flight are finished by now
        decider.close()
        writer.close()
        log.close()

    app = FastAPIOffline(
        title="Credit decisions",
        summary="Decides by the live version, says who decided and why, and keeps every decision.",
        version="1",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        lifespan=running,
    )
    app.router.routes += [*api.ROUTER.routes, *page.ROUTER.routes]  # a router in a router costs each request time
    app.openapi = lambda: documented(app)  # type: ignore[method-assign]
    for kind in (RefusedError, CreditError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, lambda _, error: refused(error))
    return Guard(Express(app), keys)

"""Compose the application: start and stop its parts together, add routes and error handling."""

import asyncio
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
from credit.decision_log.integrity.checkpointing import CheckpointThread, CheckpointWriter
from credit.decision_log.log import DecisionLog
from credit.registry.address import open_store
from service import metrics
from service.api import monitoring
from service.api import routes as api
from service.api.auth import AuthMiddleware
from service.api.errors import handle_error
from service.api.fast_path import FastPath
from service.api.keys import read_keys
from service.api.log import listing, reviews
from service.api.openapi import describe_api
from service.api.responses import RefusalError
from service.api.state import Parts, collect_problems
from service.deciding.decider import Decider, Limits
from service.engine.follower import Follower
from service.engine.live_version import LiveVersion
from service.page import routes as page
from service.page import summary
from service.parent_watch import end_with_parent
from service.settings import Settings, load_settings

_SWITCH_INTERVAL = 0.0005
"""Seconds a thread may hold the interpreter while another waits; Python's own 5 ms would be added to every answer."""


async def _watch_problems(parts: Parts) -> None:
    """Update the problem metrics every second, also in a worker that is never scraped."""
    while True:
        metrics.set_problems(collect_problems(parts))
        metrics.set_circuits(parts.decider.circuits)
        parts.decider.watch.log_counts()
        await asyncio.sleep(1)


def create(chosen: Settings | None = None) -> Any:
    """Create the service as an ASGI application, one per worker."""
    chosen = chosen or load_settings()
    keys = read_keys(chosen.keys_file)
    if chosen.workers > 1:
        end_with_parent()

    @asynccontextmanager
    async def run_parts(app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(_SWITCH_INTERVAL)
        log = DecisionLog(chosen.database, chosen.state)
        writer = Writer(log)
        checkpoints = CheckpointThread(
            CheckpointWriter(log.chains, lambda: open_store(make=False), chosen.environment), chosen.checkpoint_seconds
        )
        decider = Decider(writer, chosen.environment, Limits(chosen.model_seconds, chosen.batch_seconds))

        def apply_swap(serving: LiveVersion) -> None:
            metrics.count_swap(serving)
            decider.reset()

        follower = Follower(chosen, apply_swap)
        app.state.parts = Parts(chosen, follower, decider, log, checkpoints)
        app.state.watch = page.PageState(app.state.parts)
        follower.start()
        watching = asyncio.create_task(_watch_problems(app.state.parts))
        yield
        watching.cancel()
        follower.stop()  # requests in flight are finished by now
        decider.close()
        writer.close()
        checkpoints.close()
        log.close()

    app = FastAPIOffline(
        title="Credit decisions",
        summary="Decides by the live version, says who decided and why, and keeps every decision.",
        version="1",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        lifespan=run_parts,
    )
    app.router.routes += [
        *api.ROUTER.routes,
        *listing.ROUTER.routes,
        *reviews.ROUTER.routes,
        *monitoring.ROUTER.routes,
        *page.ROUTER.routes,
        *summary.ROUTER.routes,
    ]  # a router in a router costs each request time
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]
    for kind in (RefusalError, CreditError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, lambda _, error: handle_error(error))
    return AuthMiddleware(FastPath(app), keys)

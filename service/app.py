"""Compose the application: start and stop its parts together, add routes and error handling."""

import asyncio
import gc
import signal
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from credit.common.errors import CreditError
from credit.decision_log.counting.thread import CountingThread
from credit.decision_log.integrity.checkpointing import CheckpointThread, CheckpointWriter
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.thread import MonthThread
from credit.registry.address import open_store
from service import metrics
from service.access.hosts import list_hosts
from service.access.key_file import KeyFileWatch, read_keys
from service.access.keys import KeyRing
from service.api import monitoring
from service.api import routes as api
from service.api.auth import AuthMiddleware
from service.api.direct_path import DirectPath
from service.api.errors import handle_error
from service.api.fast_path import FastPath
from service.api.log import listing, reviews
from service.api.openapi import describe_api
from service.api.responses import RefusalError
from service.api.state import Parts, collect_problems, find_challenge, find_decider
from service.challenge.dealing import Dealer
from service.challenge.following import ChallengeFollower
from service.connections.open_connections import OpenConnections, build_limits
from service.connections.tls import Encryption, build_state, load_tls
from service.deciding.decider import BusyError, Decider, TimeLimits
from service.engine.follower import Follower
from service.engine.live_version import LiveVersion
from service.page import routes as page
from service.page import summary
from service.parent_watch import end_with_parent
from service.reloading import reload
from service.settings import STORE_SECONDS, Settings, load_settings
from service.shadow.recorded import ShadowedWriter
from service.shadow.shadows import Shadows

_SWITCH_INTERVAL = 0.0005
"""Seconds a thread may hold the interpreter while another waits; Python's own 5 ms would be added to every answer."""

_MAX_YOUNG_OBJECTS = 10_000
"""Objects that are made before the garbage collector looks at them."""

_COUNT_SECONDS = 5.0
"""Seconds between two counts of new decisions."""
_MONTH_SECONDS = 600.0
"""Seconds between two looks at the months of the log."""


async def _watch_problems(app: FastAPI, guarded: AuthMiddleware) -> None:
    """Update the problem metrics every second, also in a worker that is never scraped; take up changed keys."""
    metrics.start_counts()
    while True:
        parts: Parts = app.state.parts
        if (keys := parts.keys.look(parts.settings.keys_file)) is not None:
            guarded.keys = keys
        guarded.wrong_keys.log_counts()
        metrics.set_problems(collect_problems(parts))
        metrics.set_circuits(parts.decider.live.circuits, find_decider(parts))
        parts.decider.live.log_circuits(parts.follower.serving)
        metrics.set_challenge(find_challenge(parts))
        parts.decider.log_counts()
        if app.state.watch.times.is_due:
            await asyncio.to_thread(app.state.watch.times.sample)
        await asyncio.sleep(1)


def _freeze_memory() -> None:
    """Let the garbage collector pass over what is loaded by now: a look at all of it held everybody up for 0.1 s.

    And let it look less often: what a request makes is gone without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MAX_YOUNG_OBJECTS)


def _listen_for_reload(reload: Callable[[], None]) -> None:
    """Reload on SIGHUP, of which a process dies by default; in the main thread, which alone gets signals."""
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def _believe_proxies(app: AuthMiddleware, settings: Settings) -> ProxyHeadersMiddleware:
    """Believe the proxies of the settings, and nobody else, who a client is."""
    return ProxyHeadersMiddleware(app, list(settings.trusted_proxies))  # type: ignore[arg-type]


def create(chosen: Settings | None = None) -> Any:
    """Create the service as an ASGI application, one per worker."""
    chosen = chosen or load_settings()
    connections = OpenConnections(build_limits(chosen), metrics.count_connection)
    end_with_parent()  # whatever the settings say by now: one of several workers stays one

    @asynccontextmanager
    async def run_parts(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        sys.setswitchinterval(_SWITCH_INTERVAL)
        log = DecisionLog(chosen.database, chosen.state)
        shadows = Shadows(log, metrics.count_shadows)
        writer = ShadowedWriter(log, shadows)
        counting = CountingThread(log, _COUNT_SECONDS)
        months = MonthThread(log, _MONTH_SECONDS)
        checkpoints = CheckpointThread(
            CheckpointWriter(log.chains, lambda: open_store(make=False, seconds=STORE_SECONDS), chosen.environment),
            chosen.checkpoint_seconds,
        )
        decider = Decider(writer, chosen.environment, TimeLimits(chosen.model_seconds, chosen.batch_seconds))

        def apply_swap(serving: LiveVersion) -> None:
            metrics.count_swap(serving)
            decider.reset()

        follower = Follower(chosen, apply_swap)
        keys_file, dealer = KeyFileWatch(chosen.keys_file), Dealer()
        app.state.parts = Parts(chosen, follower, decider, log, checkpoints, keys_file, shadows, dealer)
        app.state.watch = page.PageState(app.state.parts)
        follower.start()
        challenges = ChallengeFollower(
            lambda: app.state.parts.settings, shadows, dealer, follower, lambda: decider.challengers.reset()
        )
        _freeze_memory()
        watching = asyncio.create_task(_watch_problems(app, guarded))
        _listen_for_reload(lambda: reload(app.state.parts.settings, apply_settings))
        yield build_state(connections, encryption, DirectPath(app, guarded))
        watching.cancel()
        follower.stop()  # requests in flight are finished by now
        challenges.close()
        decider.close()
        writer.close()
        shadows.close()
        checkpoints.close()
        counting.close()
        months.close()
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
    for kind in (RefusalError, BusyError, CreditError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, lambda _, error: handle_error(error))
    keys = read_keys(chosen.keys_file)
    guarded = AuthMiddleware(FastPath(app), keys, list_hosts(chosen), chosen.max_caller_requests)
    proxied, encryption = _believe_proxies(guarded, chosen), Encryption(load_tls(chosen))

    def apply_settings(settings: Settings, keys: KeyRing, context: ssl.SSLContext | None) -> None:
        guarded.keys, guarded.hosts, guarded.most = keys, list_hosts(settings), settings.max_caller_requests
        proxied.trusted_hosts = _believe_proxies(guarded, settings).trusted_hosts
        encryption.context = context
        connections.limits = build_limits(settings)
        parts: Parts = app.state.parts
        parts.decider.limits = TimeLimits(settings.model_seconds, settings.batch_seconds)
        parts.follower.settings = settings
        app.state.parts = app.state.watch.parts = replace(parts, settings=settings)

    return proxied

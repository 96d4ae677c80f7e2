"""Serve the live version; settings are SERVICE_… variables, and RELEASE_STORE says where versions are"""

import argparse
import os
from tempfile import TemporaryDirectory

EXAMPLE = "SERVICE_ENVIRONMENT=staging SERVICE_WORKERS=2 python -m service serve"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: where a service runs, variables say how."""


def run(args: argparse.Namespace) -> None:
    """Serve until the process is told to end; what was taken in is finished."""
    from service.logs import configure_logging
    from service.settings import load_settings

    configure_logging()
    chosen = load_settings()
    with TemporaryDirectory(prefix="service-metrics-") as figures:
        if chosen.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures  # must stand before the figures are made
        _start_server(chosen)


def _start_server(chosen: "Settings") -> None:  # type: ignore[name-defined]  # noqa: F821
    import uvicorn

    from credit.decision_log.log import DecisionLog
    from service.api.auth import read_keys

    read_keys(chosen.keys_file)
    DecisionLog(chosen.database, chosen.state).close()  # tables are made once, before workers start
    uvicorn.run(
        "service.app:create",
        factory=True,
        host=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=chosen.shutdown_seconds,
    )

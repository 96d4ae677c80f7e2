"""Serve the live version; settings are SERVICE_… variables, and RELEASE_STORE says where versions are"""

import logging
import math
import os
from tempfile import TemporaryDirectory

import click
import uvicorn

from credit.common.cli import Command
from credit.decision_log.log import DecisionLog
from service.access.key_file import read_keys
from service.connections.tls import load_tls, make_protocol
from service.logs import configure_logging
from service.settings import Settings, load_settings

_LOG = logging.getLogger(__name__)

EPILOG = """example:
  SERVICE_ENVIRONMENT=staging SERVICE_WORKERS=2 python -m service serve"""


@click.command(cls=Command, help=__doc__, epilog=EPILOG)
def run() -> None:
    """Serve until the process is told to end; requests in flight are finished."""
    configure_logging()
    settings = load_settings()
    with TemporaryDirectory(prefix="service-metrics-") as folder:
        if settings.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # prometheus_client reads it when workers import it
        _start_server(settings)


def _start_server(settings: Settings) -> None:
    read_keys(settings.keys_file)
    load_tls(settings)
    if not settings.is_on_loopback and not settings.tls_certificate and not settings.trusted_proxies:
        _LOG.warning(
            "keys and applications travel unencrypted: set SERVICE_TLS_CERTIFICATE, or SERVICE_TRUSTED_PROXIES"
        )
    if settings.tls_certificate:
        _LOG.info("connections are encrypted: the address below is one of https")
    DecisionLog(settings.database, settings.state).close()  # tables are made once, before workers start
    uvicorn.run(
        "service.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=None,
        http=make_protocol,  # type: ignore[arg-type]  # it calls what it gets, of whatever kind
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=math.ceil(settings.start_seconds + settings.worker_seconds),
        proxy_headers=False,  # the application reads them, by the proxies that it trusts now
    )

"""Serve the live version; settings are SERVICE_… variables, and RELEASE_STORE says where versions are"""

import logging
import os
import ssl
from tempfile import TemporaryDirectory

import click
import uvicorn

from credit.common.cli import Command
from credit.common.errors import CreditError, Problem
from credit.decision_log.log import DecisionLog
from service.access.key_file import read_keys
from service.connections.protocol import LimitedProtocol
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
    _check_tls(settings)
    if not settings.is_on_loopback and not settings.tls_certificate and not settings.trusted_proxies:
        _LOG.warning(
            "keys and applications travel unencrypted: set SERVICE_TLS_CERTIFICATE, or SERVICE_TRUSTED_PROXIES"
        )
    DecisionLog(settings.database, settings.state).close()  # tables are made once, before workers start
    uvicorn.run(
        "service.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=None,
        http=LimitedProtocol,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


def _check_tls(settings: Settings) -> None:
    """Check that the certificate and its key can be used. Raises CreditError."""
    if settings.tls_certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # of which SSLError is one
        said = getattr(error, "reason", None) or error.strerror or "unreadable"
        where = f"SERVICE_TLS_CERTIFICATE {settings.tls_certificate} and SERVICE_TLS_KEY {settings.tls_key}"
        raise CreditError(Problem(where, said.lower().replace("_", " "), "a certificate and its key, in PEM")) from None

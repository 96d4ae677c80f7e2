"""Take up keys, the certificate and settings again while the service runs, when it gets SIGHUP."""

import logging
import ssl
from collections.abc import Callable

from credit.common.errors import CreditError
from service.access.key_file import read_keys
from service.access.keys import KeyRing
from service.connections.tls import load_tls
from service.settings import Settings, load_settings

_LOG = logging.getLogger(__name__)

RELOADED = frozenset(
    {
        *("keys_file", "trusted_keys", "poll_seconds", "model_seconds", "batch_seconds", "applicant_key"),
        *("max_body_bytes", "max_header_bytes", "header_seconds", "body_seconds"),
        *("max_address_connections", "max_caller_requests", "hosts", "trusted_proxies"),
        *("tls_certificate", "tls_key", "max_batch", "least_ratio", "baked"),
        *("retention_months", "removal_months"),
    }
)
"""The settings that a running service takes up; any other needs a restart, as docs/operating.md says."""

Apply = Callable[[Settings, KeyRing, ssl.SSLContext | None], None]
"""Hears the settings, the keys, and the certificate of new connections."""


def reload(current: Settings, apply: Apply) -> None:
    """Read settings, keys and certificate anew and apply them together; where one is faulty, go on as before.

    A certificate that was renewed lies where the one before lay: it is read whether or not a setting was changed.
    """
    try:
        found = load_settings()
        keys, context = read_keys(found.keys_file), load_tls(found)
    except CreditError as error:
        _LOG.error("SIGHUP changed nothing: %s", "; ".join(str(problem) for problem in error.problems))
        return
    changed = {name for name in Settings.model_fields if getattr(found, name) != getattr(current, name)}
    if later := sorted(changed - RELOADED):
        _LOG.warning("SIGHUP: %s change with the next start only", ", ".join(later))
    apply(current.model_copy(update={name: getattr(found, name) for name in changed & RELOADED}), keys, context)
    read = "keys" if context is None else "keys and certificate"
    _LOG.info("SIGHUP: %s read again; changed settings: %s", read, ", ".join(sorted(changed & RELOADED)) or "none")

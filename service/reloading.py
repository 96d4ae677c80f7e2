"""Take up keys and settings again while the service runs, when it gets SIGHUP."""

import logging
from collections.abc import Callable

from credit.common.errors import CreditError
from service.access.key_file import read_keys
from service.access.keys import KeyRing
from service.settings import Settings, load_settings

_LOG = logging.getLogger(__name__)

RELOADED = frozenset(
    {
        *("keys_file", "trusted_keys", "poll_seconds", "model_seconds", "batch_seconds", "applicant_key"),
        *("max_body_bytes", "max_header_bytes", "header_seconds", "body_seconds"),
        *("max_address_connections", "max_caller_requests", "hosts"),
    }
)
"""The settings that a running service takes up; any other needs a restart."""


def reload(current: Settings, apply: Callable[[Settings, KeyRing], None]) -> None:
    """Read settings and keys anew and apply them together; where one is faulty, say so and go on as before."""
    try:
        found = load_settings()
        keys = read_keys(found.keys_file)
    except CreditError as error:
        _LOG.error("SIGHUP changed nothing: %s", "; ".join(str(problem) for problem in error.problems))
        return
    changed = {name for name in Settings.model_fields if getattr(found, name) != getattr(current, name)}
    if later := sorted(changed - RELOADED):
        _LOG.warning("SIGHUP: %s change with the next start only", ", ".join(later))
    apply(current.model_copy(update={name: getattr(found, name) for name in changed & RELOADED}), keys)
    _LOG.info("SIGHUP: keys read again; changed settings: %s", ", ".join(sorted(changed & RELOADED)) or "none")

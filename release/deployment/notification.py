"""Notify a webhook that something was taken back. It runs beside the rollback: it delays nothing and fails nothing."""

import os
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from credit.common.urls import is_http_address
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.deployment.change import describe_decider

if TYPE_CHECKING:
    from requests import PreparedRequest

WEBHOOK_VARIABLE = "RELEASE_WEBHOOK_URL"
"""The variable with the address. It may hold a secret, as those of chats do, and so only its host is shown."""

_MAX_SECONDS = 3.0
"""Seconds from the entry until the answer of a webhook is not waited for any more."""


class Notification:
    """A message on its way to the webhook, since `start`."""

    def __init__(self, address: str, content: dict[str, Any]) -> None:
        self._address, self._content = address, content
        self._result: str | None = None
        self._deadline = time.monotonic() + _MAX_SECONDS
        self._thread = threading.Thread(target=self._send, name="webhook", daemon=True)  # which no exit waits for
        self._thread.start()

    def finish(self) -> str:
        """Wait for the rest of the time; return the result in one line."""
        self._thread.join(max(self._deadline - time.monotonic(), 0))
        host = urlsplit(self._address).hostname
        return f"told:  {host}{self._result or f' has not answered in {_MAX_SECONDS:g} s; tell people yourself'}"

    def _send(self) -> None:
        import requests

        try:
            answer = requests.post(
                self._address, json=self._content, auth=_add_nothing, timeout=_MAX_SECONDS, allow_redirects=False
            )
        except Exception as error:  # noqa: BLE001 - the rollback stands whatever happens here; texts may hold the address
            self._result = f" did not take it ({type(error).__name__}); tell people yourself"
            return
        if 200 <= answer.status_code < 300:
            self._result = f" knows (HTTP {answer.status_code})"
        else:
            self._result = f" did not take it (HTTP {answer.status_code}); tell people yourself"


def start_notification(
    store: Store, environment: str, before: LedgerEntry | None, entry: LedgerEntry | None
) -> Notification | str | None:
    """Send the news of an entry that took something back to the webhook, if there is one; returns at once.

    A line in the place of the notification says why it cannot be sent. None: there is nothing to tell, or no webhook.
    """
    address = os.environ.get(WEBHOOK_VARIABLE, "").strip()
    if not address or entry is None or entry.kind == "deploy":
        return None
    if not is_http_address(address):
        return f"told:  nobody; {WEBHOOK_VARIABLE} is no address such as https://chat.example.org/hooks/1"
    return Notification(address, _build_message(store, environment, before, entry))


def finish_notification(started: Notification | str | None) -> str | None:
    """Finish a notification, if there is one; return its result in one line."""
    return started.finish() if isinstance(started, Notification) else started


def _build_message(store: Store, environment: str, before: LedgerEntry | None, entry: LedgerEntry) -> dict[str, Any]:
    """Build the message: `text` is what chats show, the rest is for programs."""
    left, now = describe_decider(before) if before else "nothing", describe_decider(entry)
    return {
        "text": f"{environment}: {left} -> {now}. {entry.reason} ({entry.actor}, entry {entry.number})",
        "event": entry.kind,
        "environment": environment,
        "before": left,
        "now": now,
        "entry": entry.model_dump(mode="json", exclude_none=True),
        "store": store.url,
    }


def _add_nothing(request: "PreparedRequest") -> "PreparedRequest":
    """Send the request as it is: without this, requests would add a password of ~/.netrc."""
    return request

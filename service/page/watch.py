"""The picture of the watch, which is another process and may be down: then the last one that was seen stays.

The watch does not need the service for it.
"""

import http.client
import socket
import threading
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from credit.reports.live.watch_picture import WatchPicture

_SECONDS, _MAX_BYTES = 2.0, 2_000_000
"""Seconds for the whole answer, however it trickles in, and the bytes that it may have."""


class SeenWatch(NamedTuple):
    """The last picture of the watch that was seen, None when there was none. `answers`: whether it answers now."""

    picture: WatchPicture | None
    answers: bool


class WatchReader:
    """Reads the picture of the watch at an address, and remembers the last one. For one caller at a time."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._seen: WatchPicture | None = None
        self._answers = False
        self._asking: threading.Thread | None = None

    def read(self) -> SeenWatch:
        """Read the picture; the one of before while the watch does not answer in time. Never raises.

        In a thread, for nothing limits the time in which a name is looked up; there is one of them at a time.
        """
        if self._asking is None or not self._asking.is_alive():
            self._answers = False
            self._asking = threading.Thread(target=self._ask, name="watch", daemon=True)
            self._asking.start()
        self._asking.join(_SECONDS)
        return SeenWatch(self._seen, self._answers and not self._asking.is_alive())

    def _ask(self) -> None:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(self._url.hostname or "", self._url.port, timeout=_SECONDS)
            connection.connect()
            cut = threading.Timer(_SECONDS, _cut, [connection.sock])
            cut.start()
            try:
                connection.request("GET", f"{self._url.path.rstrip('/')}/picture")
                answer = connection.getresponse()
                content = answer.read(_MAX_BYTES)
            finally:
                cut.cancel()
                connection.close()
            if answer.status == http.HTTPStatus.OK:
                self._seen = WatchPicture.model_validate_json(content)
                self._answers = True
        except (OSError, http.client.HTTPException, ValueError):  # the last: of the address, or of the content
            return


def _cut(connected: socket.socket) -> None:
    """Cut a connection off: who waits for its next byte gets its end."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)

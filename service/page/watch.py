"""The picture of the watch, which is another process and may be down: then the last one that was seen stays.

The watch does not need the service for it.
"""

import http.client
from typing import NamedTuple
from urllib.parse import urlsplit

from credit.reports.live.watch_picture import WatchPicture

_SECONDS, _MAX_BYTES = 2.0, 2_000_000


class SeenWatch(NamedTuple):
    """The last picture of the watch that was seen, None when there was none. `answers`: whether it answers now."""

    picture: WatchPicture | None
    answers: bool


class WatchReader:
    """Reads the picture of the watch at an address, and remembers the last one."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._seen: WatchPicture | None = None

    def read(self) -> SeenWatch:
        """Read the picture; the one of before while the watch does not answer. Never raises."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(self._url.hostname or "", self._url.port, timeout=_SECONDS)
            try:
                connection.request("GET", f"{self._url.path.rstrip('/')}/picture")
                answer = connection.getresponse()
                content = answer.read(_MAX_BYTES)
            finally:
                connection.close()
            if answer.status != http.HTTPStatus.OK:
                return SeenWatch(self._seen, False)
            self._seen = WatchPicture.model_validate_json(content)
        except (OSError, http.client.HTTPException, ValueError):  # the last: of the address, or of the content
            return SeenWatch(self._seen, False)
        return SeenWatch(self._seen, True)

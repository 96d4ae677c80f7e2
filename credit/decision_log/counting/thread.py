"""Count the decisions of a log in a thread of its own, beside the services that write them."""

import logging
import threading

from credit.common.errors import CreditError
from credit.decision_log.counting.hourly import count_on
from credit.decision_log.log import DecisionLog

_LOG = logging.getLogger(__name__)

_SLICES = 25
"""Slices before a pause, while there is more than the newest decisions."""

_PAUSE_SECONDS = 0.1


class CountingThread:
    """A thread that counts new decisions every so many seconds, those of other services and of before too."""

    def __init__(self, log: DecisionLog, seconds: float) -> None:
        self._log, self._seconds = log, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-log-counts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End, after the slice that is being counted."""
        self._ended.set()
        self._thread.join(self._seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            pause = self._seconds
            if self._log.problem is not None:
                continue
            try:
                pause = _PAUSE_SECONDS if count_on(self._log.database, _SLICES) else self._seconds
            except CreditError as error:  # the database, of which the log tells
                _LOG.debug("the decisions could not be counted: %s", error)
            except Exception:  # noqa: BLE001 - it is tried again, and the page tells what waits
                _LOG.exception("the decisions could not be counted")

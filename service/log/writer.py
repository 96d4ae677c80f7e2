"""Group commit: decisions that wait while one transaction is made durable go into the next one together."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple

from credit.errors import CreditError, Problem
from service.log.database import Record
from service.log.decision_log import DecisionLog

_LOG = logging.getLogger(__name__)

_LARGEST = 512
"""Items in one transaction; a batch of applications is one item."""

_GATHER = 0.001
"""Seconds in which decisions gather for one transaction while several ask; to make one durable takes as long."""

Told = Callable[[list[Record] | CreditError], object]


class Item(NamedTuple):
    """Decisions to write, and who is told what holds, or that nothing could be written."""

    records: list[Record]
    told: Told


class Writer:
    """A thread that writes, and one that replays the spool when the database is back."""

    def __init__(self, log: DecisionLog, retry_seconds: float = 1.0) -> None:
        self._log, self._retry = log, retry_seconds
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, name="decision-log"),
            threading.Thread(target=self._recover, name="decision-log-replay", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, item: Item) -> None:
        """Queue decisions; returns at once."""
        self._queue.put(item)

    def close(self) -> None:
        """Write what is queued, then end."""
        self._queue.put(None)
        self._ended.set()
        self._threads[0].join()

    def _write(self) -> None:
        several = False
        while (first := self._queue.get()) is not None:
            if several:  # others asked at the same time a moment ago, and will again
                time.sleep(_GATHER)
            items = [first]
            while len(items) < _LARGEST:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    self._queue.put(None)
                    break
                items.append(more)
            self._commit(items)
            several = len(items) > 1

    def _commit(self, items: Sequence[Item]) -> None:
        try:
            holds = self._log.write([record for item in items for record in item.records])
        except CreditError as error:
            _tell_all(items, error)
            return
        except Exception as error:  # noqa: BLE001 - nobody waits for ever, and the next ones are written
            _LOG.exception("the decision log failed")
            _tell_all(items, CreditError(Problem("the decision log", type(error).__name__, "it to write")))
            return
        start = 0
        for item in items:
            item.told(holds[start : start + len(item.records)])
            start += len(item.records)

    def _recover(self) -> None:
        while not self._ended.wait(self._retry):
            if self._log.problem is not None or self._log.spooled():
                self._log.recover()


def _tell_all(items: Sequence[Item], error: CreditError) -> None:
    for item in items:
        item.told(error)

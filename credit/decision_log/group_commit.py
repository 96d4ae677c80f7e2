"""Group commit: decisions that wait while one transaction is made durable go into the next one together."""

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.log import DecisionLog
from credit.decision_log.repeats import RecordedRequest

_LOG = logging.getLogger(__name__)

_MAX_COMMIT_ROWS = 1_000
"""Decisions in one transaction, unless one batch of applications has more."""

WriteCallback = Callable[[list[RecordedRequest] | CreditError], object]


class WriteRequest(NamedTuple):
    """The decisions of each request, and the callback that gets the recorded ones of each, or the failure."""

    requests: list[list[DecisionRow]]
    callback: WriteCallback


class Writer:
    """A thread that writes, and one that replays the spool when the database is back."""

    def __init__(self, log: DecisionLog, retry_seconds: float = 1.0) -> None:
        self._log, self._retry = log, retry_seconds
        self._queue: SimpleQueue[WriteRequest | None] = SimpleQueue()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, name="decision-log"),
            threading.Thread(target=self._recover, name="decision-log-replay", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, item: WriteRequest) -> None:
        """Queue decisions; returns at once."""
        self._queue.put(item)

    def close(self) -> None:
        """Write the queue, then end."""
        self._queue.put(None)
        self._ended.set()
        self._threads[0].join()

    def note_recorded(self, requests: Sequence[list[DecisionRow]], recorded: Sequence[RecordedRequest]) -> None:
        """Hear what the log has of requests, once for all of a transaction, after those who wait for them."""

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            items, decisions = [first], _count_decisions(first)
            while decisions < _MAX_COMMIT_ROWS:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    self._queue.put(None)
                    break
                items.append(more)
                decisions += _count_decisions(more)
            self._commit(items)
            del first, items  # a thread that waits for the next ones keeps nothing of these, thousands perhaps

    def _commit(self, items: Sequence[WriteRequest]) -> None:
        requests = [request for item in items for request in item.requests]
        try:
            recorded = self._log.write(requests)
        except CreditError as error:
            for item in items:
                _notify(item, error)
        except Exception as error:  # noqa: BLE001 - nobody waits for ever, and the next ones are written
            _LOG.exception("the decision log failed")
            for item in items:
                _notify(item, CreditError(Problem("the decision log", f"writing failed: {type(error).__name__}")))
        else:
            rest = iter(recorded)
            for item in items:
                _notify(item, list(islice(rest, len(item.requests))))
            self._tell(requests, recorded)

    def _tell(self, requests: Sequence[list[DecisionRow]], recorded: Sequence[RecordedRequest]) -> None:
        try:
            self.note_recorded(requests, recorded)
        except Exception:  # noqa: BLE001 - the next ones are written, whatever became of these elsewhere
            _LOG.exception("decisions are in the log and were answered, but were not passed on")

    def _recover(self) -> None:
        while not self._ended.wait(self._retry):
            try:
                self._log.recover()
            except Exception:  # noqa: BLE001 - what could not be replayed now is tried again
                _LOG.exception("the spool could not be replayed")


def _count_decisions(item: WriteRequest) -> int:
    return sum(map(len, item.requests))


def _notify(item: WriteRequest, result: list[RecordedRequest] | CreditError) -> None:
    try:
        item.callback(result)
    except Exception:  # noqa: BLE001 - a callback that fails must not delay the others
        _LOG.exception("a decision is in the log, but its caller could not be answered")

"""Write the heads of a process's chains into the store, now and then and at the end."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from credit.common.errors import CreditError
from credit.decision_log.integrity.chain import Chain, Head
from credit.decision_log.integrity.checkpoints import Checkpoint, note_announcements, write_checkpoint
from credit.registry.store import Store

_LOG = logging.getLogger(__name__)
_END_SECONDS = 3.0
"""How long the end of a process waits for its last checkpoint, in case the store hangs."""
_NEW_SECONDS = 1.0
"""How often it is looked for chains that are not announced: rows of a chain that the store does not know are forged."""
_RETRY_SECONDS = 10.0
"""Until the next attempt, where the store did not answer."""


class CheckpointWriter:
    """Writes the heads that moved since they were written last; that of a chain without rows announces it."""

    def __init__(self, chains: Sequence[Chain], open_store: Callable[[], Store], environment: str | None) -> None:
        self._chains, self._open_store, self._environment = chains, open_store, environment
        self._written: set[Head] = set()
        self._tried: set[str] = set()
        self.problem: str | None = None
        """Why the newest heads are not in the store; None when they are, or need not be yet."""

    def has_new_chain(self) -> bool:
        """Tell whether a chain was begun, and no checkpoint was tried since."""
        return not self._list_writers() <= self._tried

    def has_rows(self) -> bool:
        """Tell whether any chain has rows."""
        return any(head.sequence for chain in self._chains for head in list(chain.heads))

    def write(self) -> None:
        """Write the heads. Raises CreditError when the store does not take them."""
        self._tried = self._list_writers()
        moved = [Checkpoint(chain.kind.table.name, head) for chain in self._chains for head in self._list_moved(chain)]
        if not moved:
            return
        store = self._open_store()
        if not all(one.head.sequence for one in moved):
            note_announcements(store)
        for one in moved:
            write_checkpoint(store, one, self._environment)
        current = {head for chain in self._chains for head in chain.heads}
        self._written = {head for head in {*self._written, *(one.head for one in moved)} if head in current}

    def _list_writers(self) -> set[str]:
        return {head.writer for chain in self._chains for head in list(chain.heads)}

    def _list_moved(self, chain: Chain) -> list[Head]:
        return [head for head in list(chain.heads) if head not in self._written]


class CheckpointThread:
    """A thread that announces chains as they begin, and writes checkpoints every so many seconds and at its end."""

    def __init__(self, writer: CheckpointWriter, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-log-checkpoints", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str | None:
        """Why the newest checkpoint could not be written; None when it was."""
        return self._writer.problem

    def close(self) -> None:
        """Write the last checkpoint and end; a store that hangs is not waited for."""
        self._ended.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        due, ended = time.monotonic(), False
        while not ended:
            ended = self._ended.is_set()
            if ended or time.monotonic() >= due or self._writer.has_new_chain():
                seconds = self._seconds if self._write() else min(self._seconds, _RETRY_SECONDS)
                due = time.monotonic() + seconds
            self._ended.wait(min(self._seconds, _NEW_SECONDS))

    def _write(self) -> bool:
        """Write the heads; False when that has to be tried again. It is no problem as long as there are no rows."""
        problem = None
        try:
            self._writer.write()
        except CreditError as error:
            problem = str(error)
            if self._writer.problem is None and self._writer.has_rows():
                _LOG.warning("no checkpoint of the decision log: %s", error)
        except Exception:  # noqa: BLE001 - the next one is tried again
            _LOG.exception("no checkpoint of the decision log")
            problem = "no checkpoint of the decision log could be written"
        self._writer.problem = problem if self._writer.has_rows() else None
        return problem is None

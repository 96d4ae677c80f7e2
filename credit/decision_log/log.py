"""The decision log in use: the database, or while that is unreachable the spool, replayed in order afterwards."""

import fcntl
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import delete, func, select, text

from credit.common.errors import CreditError
from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.tables import DECISIONS_TABLE

_LOG = logging.getLogger(__name__)

_REPLAY_ROWS = 500
"""Decisions that are replayed in one transaction."""

_MAX_RECENT = 10_000
"""Recent decisions with an idempotency key, so that it is recognised while the database is away."""


class DecisionLog:
    """A writer of durable decisions, each exactly once. Many processes may share the database and the spool.

    The spool is a database of the same tables in one file beside the service, as durable.
    """

    def __init__(self, url: str, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.database = Database(url)
        self.spool = Database(f"sqlite:///{state}/spool.db")
        self.spool.prepare()
        self.problem: str | None = None
        """Why the database is not in use; None when it is."""
        self._prepared = False
        self._turn = threading.Lock()
        self._exclusive = state / "spool.lock"
        self._recent: OrderedDict[str, DecisionRow] = OrderedDict()
        try:
            self._prepare()
            if self.count_spooled():  # however many they are, nobody waits for them
                self.problem = "the spool is not replayed yet"
        except CreditError as error:
            self._switch_to_spool(error)

    def write(self, records: Sequence[DecisionRow]) -> list[DecisionRow]:
        """Make decisions durable; return the decision recorded for each: itself, or the one under its idempotency key.

        Raises CreditError when neither the database nor the spool takes them; then no applicant may be answered.
        """
        with self._turn:
            there = {key: row for r in records if (row := self._recent.get(key := r["idempotency_key"] or ""))}
            new = [record for record in records if record["idempotency_key"] not in there]
            if new:
                there |= self._write_records(new)
            recorded = [there.get(record["idempotency_key"] or "", record) for record in records]
            self._remember(recorded)
            return recorded

    def recover(self) -> bool:
        """Replay the spool if the database is there; return whether the spool is in use afterwards."""
        try:
            self._prepare()
            if self.problem is None and not self.count_spooled():
                return True
            while self._replay():
                pass
            with self._turn:  # no new decision may come between the last of the spool and the database
                while self._replay():
                    pass
                if self.problem is not None:
                    _LOG.info("the decision log has every decision of the spool")
                self.problem = None
        except CreditError as error:
            self._switch_to_spool(error)
        return self.problem is None

    def find(self, identifier: str) -> DecisionRow | None:
        """Find one decision. Raises CreditError when the database is unreachable and the spool does not have it."""
        return self.spool.find(identifier) or self.database.find(identifier)

    def count_spooled(self) -> int:
        """Count the decisions that the database does not have yet."""
        with self.spool.begin_read() as connection:
            return int(connection.execute(select(func.count()).select_from(DECISIONS_TABLE)).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
        self.spool.close()

    def _prepare(self) -> None:
        if not self._prepared:
            self.database.prepare()
            self._prepared = True

    def _switch_to_spool(self, error: CreditError) -> None:
        if self.problem != str(error):
            _LOG.warning("decisions go to the spool: %s", error)
        self.problem = str(error)

    def _write_records(self, records: Sequence[DecisionRow]) -> dict[str, DecisionRow]:
        """Write to the database, else to the spool; while the database is unreachable the other way round.

        A spool that is full does not stop a database that is back: out of order is better than not at all.
        """
        if self.problem is not None:
            try:
                return self.spool.add(records)
            except CreditError:
                return self.database.add(records)
        there = self._find_spooled([key for r in records if (key := r["idempotency_key"])])
        records = [r for r in records if r["idempotency_key"] not in there]
        try:
            return there | self.database.add(records)
        except CreditError as error:
            self._switch_to_spool(error)
        return there | self.spool.add(records)

    def _find_spooled(self, keys: Sequence[str]) -> dict[str, DecisionRow]:
        """Find the decisions that another process recorded in the spool under these keys."""
        try:
            return self.spool.find_by_keys(keys) if keys else {}
        except CreditError:
            return {}  # the replay finds who came second

    def _replay(self) -> bool:
        """Move the oldest part of the spool into the database; return whether there may be more.

        Killed between the two, it adds the same again, which changes nothing, and then removes it.
        """
        with self._lock_replay():
            with self.spool.begin_read() as connection:
                oldest = select(DECISIONS_TABLE).order_by(text("rowid")).limit(_REPLAY_ROWS)
                records = [dict(row._mapping) for row in connection.execute(oldest)]
            if not records:
                return False
            there = self.database.add(records)
            repeats = [r for r in records if (key := r["idempotency_key"]) and there[key]["id"] != r["id"]]
            if repeats:
                late = [{**r, "repeat_of": there[r["idempotency_key"]]["id"], "idempotency_key": None} for r in repeats]
                self.database.add(late)
            with self.spool.begin_write() as connection:
                connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_([r["id"] for r in records])))
            return len(records) == _REPLAY_ROWS

    @contextmanager
    def _lock_replay(self) -> Iterator[None]:
        """Lock the spool, so that one process replays at a time and the order is kept."""
        with self._exclusive.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _remember(self, records: Sequence[DecisionRow]) -> None:
        for record in records:
            if record["idempotency_key"] is not None:
                self._recent[record["idempotency_key"]] = record
                if len(self._recent) > _MAX_RECENT:
                    self._recent.popitem(last=False)

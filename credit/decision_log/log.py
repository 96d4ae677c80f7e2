"""The decision log in use: the database, or while that is unreachable the spool, replayed in order afterwards."""

import fcntl
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import delete, func, select, text

from credit.common.errors import CreditError
from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.append import Appender
from credit.decision_log.integrity.chain import DECISIONS, EVENTS, OUTCOMES, Chain
from credit.decision_log.people.late_erasure import add_spooled
from credit.decision_log.recent import RecentRequests
from credit.decision_log.repeats import RecordedRequest, find_recorded
from credit.decision_log.shadows.recording import ShadowLog
from credit.decision_log.tables import DECISIONS_TABLE

_LOG = logging.getLogger(__name__)

DRAINING = "the spool is not replayed yet"
"""The problem of a log whose database is there, while it gets the decisions of the spool."""


_REPLAY_ROWS = 500
"""Decisions that are replayed in one transaction."""


class DecisionLog:
    """A writer of durable decisions, each exactly once. Many processes may share the database and the spool.

    The spool is a database of the same tables in one file beside the service, as durable.
    """

    def __init__(self, url: str, state: Path) -> None:
        with suppress(OSError):  # on a full disk the log may still be elsewhere
            state.mkdir(mode=0o755, parents=True, exist_ok=True)  # keys may lie in it: no group may write
        self.database = Database(url)
        self.spool = Database(f"sqlite:///{state}/spool.db")
        self.spool_problem: str | None = None
        """Why there is no spool; None when there is one."""
        self.refusal: tuple[str, str] | None = None
        """Why neither the database nor the spool takes a decision; None when one does, as far as is known."""
        self.problem: str | None = None
        """Why the database is not in use; None when it is."""
        self.chain = Chain(DECISIONS)
        self.outcomes, self.events = Appender(self.database, OUTCOMES), Appender(self.database, EVENTS)
        self.shadows = ShadowLog(self.database, self.spool)
        self._prepared = False
        self._turn = threading.Lock()
        self._exclusive = state / "spool.lock"
        self._recent = RecentRequests()
        self._prepare_spool()
        try:
            self._prepare()
            if self.count_spooled():  # however many they are, nobody waits for them
                self.problem = DRAINING
        except CreditError as error:
            self._switch_to_spool(error)
            if self.spool_problem is not None:
                self._refuse(self.spool_problem)

    def write(self, requests: Sequence[list[DecisionRow]]) -> list[RecordedRequest]:
        """Make the decisions of requests durable; return the recorded ones of each, or why there are none.

        That is the request itself, or the decisions of the same request under its idempotency key. A request under
        the key of another one is refused, and nothing of it is written. When neither the database nor the spool takes
        them, no applicant may be answered.
        """
        recorded: dict[int, RecordedRequest] = {}
        with self._turn:
            if all(request[0]["idempotency_key"] is None for request in requests):  # no two can be the same
                return self._write_keyless(requests)
            while waiting := [place for place in range(len(requests)) if place not in recorded]:
                recorded |= self._write_round({place: requests[place] for place in waiting})
        return [recorded[place] for place in range(len(requests))]

    def _write_keyless(self, requests: Sequence[list[DecisionRow]]) -> list[RecordedRequest]:
        try:
            self._write_requests(requests)
        except CreditError as error:
            return [error] * len(requests)
        return list(requests)

    def _write_round(self, waiting: Mapping[int, list[DecisionRow]]) -> dict[int, RecordedRequest]:
        """Write requests, but of those that share an idempotency key only the first: its place may decide the others'.

        New ones are in the order of their keys: services that write the same ones must not wait for each other.
        """
        there: dict[str, DecisionRow] = {}
        new: list[list[DecisionRow]] = []
        turn: dict[int, list[DecisionRow]] = {}
        keys: set[str] = set()
        for place, request in waiting.items():
            first = request[0]["idempotency_key"]
            if recent := self._recent.find(first):
                there |= {record["idempotency_key"]: record for record in recent}
            elif first in keys:
                continue
            else:
                new.append(request)
                keys |= {first} - {None}
            turn[place] = request
        try:
            there |= self._write_requests(sorted(new, key=lambda request: request[0]["idempotency_key"] or ""))
        except CreditError as error:
            refused: RecordedRequest = error
            return {
                place: refused if request in new else find_recorded(request, there) for place, request in turn.items()
            }
        recorded = {place: find_recorded(request, there) for place, request in turn.items()}
        self._remember(recorded.values())
        return recorded

    def recover(self) -> bool:
        """Replay the spool if the database is there; return whether the spool is in use afterwards."""
        try:
            if self.spool_problem is not None:
                self._prepare_spool()
            if self.spool.file.is_lost():
                _LOG.error("the file of the spool was removed; decisions that were only there are lost")
                self.spool.prepare(anew=True)
            self._prepare()
            self.database.check_file()
            if self.problem is None and not self.count_spooled():
                self._replay_shadows()
                return True
            while self._replay():
                self.problem = DRAINING
            with self._turn:  # no new decision may come between the last of the spool and the database
                while self._replay():
                    pass
                if self.problem is not None:
                    _LOG.info("the decision log has every decision of the spool")
                self.problem = None
        except CreditError as error:
            self._switch_to_spool(error)
        finally:
            self._look_for_room()
        return self.problem is None

    def find(self, identifier: str) -> DecisionRow | None:
        """Find one decision. Raises CreditError when the database is unreachable and the spool does not have it."""
        spooled = self.spool.find(identifier) if self.spool_problem is None else None
        return spooled or self.database.find(identifier)

    def count_spooled(self) -> int:
        """Count the decisions that the database does not have yet."""
        return count_decisions(self.spool) if self.spool_problem is None else 0

    @property
    def chains(self) -> list[Chain]:
        """The chains of this process."""
        return [self.chain, self.outcomes.chain, self.events.chain, self.shadows.chain]

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
        self.spool.close()

    def _prepare(self) -> None:
        if not self._prepared:
            self.database.prepare()
            self._prepared = True

    def _prepare_spool(self) -> None:
        """Make the spool. Where that fails, the database has to do without, and this is tried again."""
        try:
            self.spool.prepare()
            self.spool_problem = None
        except CreditError as error:
            if self.spool_problem is None:
                _LOG.warning("there is no spool: %s", error)
            self.spool_problem = str(error)

    def _refuse(self, spool_error: object) -> None:
        """Note that neither the database nor the spool takes a decision."""
        if self.refusal is None:
            _LOG.error("no decision can be recorded: %s; %s", self.problem, spool_error)
        self.refusal = (self.problem or "", str(spool_error))

    def _look_for_room(self) -> None:
        """Look whether decisions can be recorded again: while they cannot, nobody may come who would find out."""
        if self.refusal is None:
            return
        for database in (self.database, self.spool):
            with suppress(CreditError):
                database.check_writable()
                self.refusal = None
                _LOG.info("decisions can be recorded again")
                return

    def _switch_to_spool(self, error: CreditError) -> None:
        if self.problem != str(error):
            _LOG.warning("decisions go to the spool: %s", error)
        self.problem = str(error)
        self._prepared = self._prepared and not self.database.file.is_lost()

    def _write_requests(self, requests: Sequence[list[DecisionRow]]) -> dict[str, DecisionRow]:
        """Write to the database, else to the spool; while the database is unreachable the other way round.

        A spool that is full does not stop a database that is back: out of order is better than not at all. Whatever
        became of a linked decision in the first, the second gets it at the same place of the chain.
        """
        there = self._find_spooled([key for request in requests for r in request if (key := r["idempotency_key"])])
        requests = [request for request in requests if request[0]["idempotency_key"] not in there]
        if not requests:
            return there
        linked: list[DecisionRow] = []

        def link(records: list[DecisionRow], found: dict[str, DecisionRow]) -> None:
            self.chain.link(records)
            linked[:] = records
            there.update(found)

        one, other = (self.database, self.spool) if self.problem is None else (self.spool, self.database)
        try:
            one.add_requests(requests, link)
        except CreditError as error:
            if one is self.database:
                self._switch_to_spool(error)
            try:
                there |= other.add(linked) if linked else other.add_requests(requests, link)
            except CreditError as second:
                self.chain.restart()
                if other is self.database:
                    self._switch_to_spool(second)
                self._refuse(error if one is self.spool else second)
                raise
        self.refusal = None
        self.chain.advance(linked)
        return {record["idempotency_key"]: record for record in linked if record["idempotency_key"]} | there

    def _find_spooled(self, keys: Sequence[str]) -> dict[str, DecisionRow]:
        """Find the decisions that another process recorded in the spool under these keys."""
        try:
            return self.spool.find_by_keys(keys) if keys and self.problem is None else {}
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
            add_spooled(self.database, self.events, records)
            with self.spool.begin_write() as connection:
                connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_([r["id"] for r in records])))
            return len(records) == _REPLAY_ROWS

    def _replay_shadows(self) -> None:
        """Move spooled shadows into the database; what fails is tried again, and is no problem of the decisions."""
        try:
            if self.spool_problem is None and self.shadows.count_spooled():
                self.shadows.replay(self._lock_replay())
        except CreditError as error:
            _LOG.warning("shadows stay in the spool: %s", error)

    @contextmanager
    def _lock_replay(self) -> Iterator[None]:
        """Lock the spool, so that one process replays at a time and the order is kept."""
        with self._exclusive.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _remember(self, recorded: Iterable[RecordedRequest]) -> None:
        for request in recorded:
            if isinstance(request, list) and request[0]["idempotency_key"] is not None:
                self._recent.add(request)


def count_decisions(database: Database) -> int:
    """Count the decisions of a database, all of them: of a spool."""
    with database.begin_read() as connection:
        return int(connection.execute(select(func.count()).select_from(DECISIONS_TABLE)).scalar_one())

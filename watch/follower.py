"""Follow the log: read new decisions, feed them to the streams of their entries, and note up to where."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import func, select

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import DECISIONS
from credit.decision_log.integrity.reading import find_range, list_writers
from credit.decision_log.integrity.removed import Removals, read_removals
from credit.decision_log.tables import DECISIONS_TABLE
from watch.cursors import WriterCursor
from watch.groups import WatchedGroups
from watch.reading import AHEAD_SECONDS, BATCH_ROWS, ELSEWHERE, Batch, Decisions, read_batch
from watch.state import EntryKey, StateFile, WatchState
from watch.streams import EntryStreams, Judging, start_streams

UNKNOWN_VERSION = "the store has no such version"


class Follower:
    """Follows the log of an environment. `file` None: nothing is written, and the state is forgotten at the end.

    `note`: is given the streams of an entry and the decisions that they were fed, in their order.
    """

    def __init__(
        self,
        environment: str,
        judging: Judging,
        read_groups: Callable[[str], WatchedGroups | None],
        file: StateFile | None = None,
        note: Callable[[EntryStreams, Decisions], None] = lambda *_: None,
    ) -> None:
        self._environment, self._judging, self._file, self._note = environment, judging, file, note
        self._read_groups = cache(read_groups)
        self.state = file.read(judging) if file else WatchState()
        self._unwritten_writers: set[str] = set()
        self._unwritten_entries: set[EntryKey] = set()

    def begin_with(self, since: datetime) -> None:
        """Begin with the decisions of a moment, of whatever writer: it is written before anything is read."""
        self.state.since = since.timestamp()
        self._write()

    def catch_up(self, databases: Sequence[Database], batch_rows: int = BATCH_ROWS, now: datetime | None = None) -> int:
        """Count all that is new; returns how many decisions. `now`: None, by the clock of this machine.

        Raises CreditError when log or store are out of reach.
        """
        total = 0
        while number := self.advance(databases, batch_rows, now):
            total += number
        return total

    def advance(self, databases: Sequence[Database], batch_rows: int = BATCH_ROWS, now: datetime | None = None) -> int:
        """Count the next batch, and write the state; returns how many decisions."""
        self._place_new_writers(databases)
        moment = (now or datetime.now(UTC)).timestamp()
        if self.state.last is not None and self.state.last > moment + AHEAD_SECONDS:
            self.state.last = moment  # of a state from before clocks were looked at: it would hide a silence
        batch = read_batch(databases, self._environment, self.state.cursors, moment, self.state.last, batch_rows)
        removals = self._read_removals(databases, batch)
        if not batch.decisions:
            if self._forget(removals):
                self._write()
            return 0
        for key in batch.decisions.keys:
            if key.unjudged != ELSEWHERE:
                self._read_groups(key.digest)  # before anything is counted: the store may not answer
        self._unwritten_entries.update(self._feed(batch.decisions, moment))
        for writer, taken in batch.taken.items():
            self.state.cursors.setdefault(writer, WriterCursor()).take(taken)
        self._unwritten_writers.update(batch.taken)
        self._forget(removals)
        self._write()
        return len(batch.decisions.moments)

    def _place_new_writers(self, databases: Sequence[Database]) -> None:
        """Let writers that are new begin with the moment of the state, where it has one: every service start is one."""
        if self.state.since is None:
            return
        since = datetime.fromtimestamp(self.state.since, UTC)
        for writer in list_writers(databases, DECISIONS):
            if writer not in self.state.cursors:
                self.state.cursors[writer] = WriterCursor(_find_first(databases, writer, since))

    def _read_removals(self, databases: Sequence[Database], batch: Batch) -> Removals:
        """Read what was removed by its age, where rows may be missing: after them, so that no removal is in between."""
        if not batch.decisions and not any(one.gaps for one in self.state.cursors.values()):
            return Removals({})
        return read_removals(databases)

    def _forget(self, removals: Removals) -> bool:
        """Forget missing rows that were removed; tells whether there were any."""
        cursors = self.state.cursors.items()
        changed = [writer for writer, cursor in cursors if cursor.forget(removals.list_places(writer))]
        self._unwritten_writers.update(changed)
        return bool(changed)

    def _write(self) -> None:
        """Write what changed since the last time that it could be written."""
        if self._file is not None:
            self._file.write(self.state, self._judging, self._unwritten_writers, self._unwritten_entries)
        self._unwritten_writers.clear()
        self._unwritten_entries.clear()

    def _feed(self, decisions: Decisions, now: float) -> list[EntryKey]:
        """Feed the decisions of each entry to its streams; those that are not judged are counted. `now`: in seconds."""
        changed = []
        for place, key in enumerate(decisions.keys):
            of_key = decisions.select(place)
            number = len(of_key.moments)
            if key.unjudged == ELSEWHERE:
                self.state.elsewhere += number
                continue
            groups = self._read_groups(key.digest)
            streams = self.state.streams.get((key.entry, key.digest))
            if streams is None:
                streams = self.state.streams[key.entry, key.digest] = start_streams(key, groups, self._judging)
            if key.unjudged or groups is None:
                streams.skip(key.unjudged or UNKNOWN_VERSION, number)
            else:
                streams.feed(of_key, groups, self._judging)
                self._note(streams, of_key)
            known = of_key.moments[~of_key.ahead]
            if len(known):
                self.state.last = max(self.state.last or 0.0, float(known[-1]))
            if of_key.ahead.any():
                streams.ahead, streams.ahead_at = streams.ahead + int(of_key.ahead.sum()), now
            changed.append((key.entry, key.digest))
        return changed


def _find_first(databases: Sequence[Database], writer: str, since: datetime) -> int:
    """Find the place after a writer's last row before a moment, in whichever of the databases that row is.

    Rows that are missing after it may be of later, and are missing then.
    """
    before = 0
    for database in databases:
        first, _ = find_range(database, DECISIONS, writer, since, None)
        columns = DECISIONS_TABLE.c
        query = select(func.max(columns.sequence)).where(columns.writer == writer, columns.sequence < first)
        with database.begin_read() as connection:
            before = max(before, connection.execute(query).scalar_one() or 0)
    return before + 1

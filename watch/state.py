"""The state of a watch in one SQLite file: streams and cursors, changed together or not at all."""

import fcntl
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from credit.common.errors import CreditError, Problem
from watch.cursors import Gap, WriterCursor
from watch.streams import EntryStreams, Judging

_LOG = logging.getLogger(__name__)
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (writer TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS streams (
    entry INTEGER, digest TEXT, content TEXT NOT NULL, PRIMARY KEY (entry, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ratios (
    entry INTEGER, digest TEXT, hour INTEGER, content TEXT NOT NULL, PRIMARY KEY (entry, digest, hour)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
"""
_FORMAT = 1

_HOURLY = 14 * 24
"""Hours for which there is a point of each; of the days before them the last one of each day stays."""

EntryKey = tuple[int, str]


class RatioPoint(NamedTuple):
    """The ratio of a group in an hour since 1970, with its interval."""

    hour: int
    attribute: str
    group: str
    ratio: float | None
    low: float
    high: float | None


@dataclass
class WatchState:
    """Everything that a watch knows. `last`: the moment of the newest decision; `elsewhere`: of other environments.

    `since`: the moment that it began with, in seconds; None: with the first decision of the log.
    """

    cursors: dict[str, WriterCursor] = field(default_factory=dict)
    streams: dict[EntryKey, EntryStreams] = field(default_factory=dict)
    last: float | None = None
    elsewhere: int = 0
    since: float | None = None


class StateFile:
    """The file of a state, of which one process at a time is the owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_TABLES)

    def read(self, judging: Judging) -> WatchState:
        """Read the state; where it was judged otherwise only where it began, since evidence is about one limit.

        Raises CreditError when it is damaged.
        """
        try:
            return self._read(judging)
        except (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError) as error:
            raise _refuse(self._path, error) from None

    def _read(self, judging: Judging) -> WatchState:
        facts = {name: json.loads(text) for name, text in self._connection.execute("SELECT * FROM facts")}
        if facts.get("judging") != _describe(judging):
            return WatchState(since=facts.get("since"))
        cursors = {
            writer: WriterCursor(content["following"], [Gap(*one) for one in content["gaps"]])
            for writer, content in self._iterate("SELECT writer, content FROM cursors")
        }
        entries = (EntryStreams.load(one) for _, one in self._iterate("SELECT entry, content FROM streams"))
        streams = {(one.entry, one.digest): one for one in entries}
        return WatchState(cursors, streams, facts["last"], facts["elsewhere"], facts.get("since"))

    def write(self, state: WatchState, judging: Judging, writers: Iterable[str], entries: Iterable[EntryKey]) -> None:
        """Write what changed: the cursors of these writers and the streams of these entries, in one transaction."""
        try:
            self._write(state, _describe(judging), writers, entries)
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            found = f"cannot be written: {error}"
            raise CreditError(
                Problem(f"the state {self._path}", found, fix="nothing is lost, it is tried again")
            ) from None

    def _write(
        self, state: WatchState, judging: dict[str, Any], writers: Iterable[str], entries: Iterable[EntryKey]
    ) -> None:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        before = run("SELECT content FROM facts WHERE name = 'judging'").fetchone()
        if before is None or json.loads(before[0]) != judging:
            for table in ("facts", "cursors", "streams", "ratios"):
                run(f"DELETE FROM {table}")
        facts = {"judging": judging, "last": state.last, "elsewhere": state.elsewhere, "since": state.since}
        for name, content in facts.items():
            run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(content)))
        for writer in writers:
            run("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (writer, json.dumps(asdict(state.cursors[writer]))))
        for key in entries:
            run("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (*key, json.dumps(state.streams[key].dump())))
        run("COMMIT")

    def note_ratios(self, key: EntryKey, points: Sequence[RatioPoint]) -> None:
        """Note the ratios of an hour, in place of those of an earlier look in it; drops most points of old days."""
        if not points:
            return
        hour = points[0].hour
        try:
            with self._connection:
                self._connection.execute(
                    "INSERT OR REPLACE INTO ratios VALUES (?, ?, ?, ?)", (*key, hour, json.dumps(points))
                )
                self._connection.execute(
                    "DELETE FROM ratios AS old WHERE hour < ? AND EXISTS (SELECT 1 FROM ratios AS later WHERE "
                    "later.entry = old.entry AND later.hour / 24 = old.hour / 24 AND later.hour > old.hour)",
                    (hour - _HOURLY,),
                )
        except sqlite3.Error:
            _LOG.warning("the ratios of an hour could not be noted in %s", self._path)

    def read_ratios(self, key: EntryKey) -> list[RatioPoint]:
        """Read the ratios of an entry over time, the oldest first."""
        query = "SELECT hour, content FROM ratios WHERE entry = ? AND digest = ? ORDER BY hour"
        try:
            rows = self._connection.execute(query, key).fetchall()
        except sqlite3.Error:
            _LOG.warning("the ratios of the hours could not be read from %s", self._path)
            return []
        return [RatioPoint(*point) for _, text in rows for point in json.loads(text)]

    def note(self, name: str, content: Any) -> None:
        """Keep a JSON value under a name, whatever the limit is, in place of an earlier one."""
        try:
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(content)))
        except sqlite3.Error:
            _LOG.warning("the %s could not be noted in %s", name, self._path)

    def read_note(self, name: str) -> Any:
        """Read the value under a name; None where there is none, or it cannot be read."""
        try:
            row = self._connection.execute("SELECT content FROM notes WHERE name = ?", (name,)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            _LOG.warning("the %s could not be read from %s", name, self._path)
            return None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _iterate(self, query: str) -> Iterator[tuple[Any, Any]]:
        for key, text in self._connection.execute(query):
            yield key, json.loads(text)


@contextmanager
def open_state(folder: Path, environment: str) -> Iterator[StateFile]:
    """Open the state of an environment. Raises CreditError when another process has it, or it is no state."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{environment}.db"
    with (folder / f"{environment}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fix = "it watches already, and tells what it found at /health; --state names a folder for another watch"
            raise CreditError(Problem(str(path), "another process has it", fix=fix)) from None
        try:
            file = StateFile(path)
        except sqlite3.Error as error:
            raise _refuse(path, error) from None
        try:
            yield file
        finally:
            file.close()


def _refuse(path: Path, error: Exception) -> CreditError:
    found = f"no state of a watch: {type(error).__name__}: {error}"
    return CreditError(Problem(str(path), found, fix="move it away, and the log is read anew"))


def _describe(judging: Judging) -> dict[str, Any]:
    return asdict(judging) | {"format": _FORMAT}

"""Verify a log: every row by its hash, every chain by its links, every head by the checkpoints in the store."""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import and_, case, false, func, select

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import CHAINED_TABLES, DECISIONS, EVENTS, SHADOWS, ChainedTable
from credit.decision_log.integrity.checkpoints import (
    list_accepted,
    list_checkpointed_writers,
    list_points,
    read_announcements,
)
from credit.decision_log.integrity.confirmed import Confirmation
from credit.decision_log.integrity.findings import Finding, TableReport
from credit.decision_log.integrity.one_decision import check_repeat
from credit.decision_log.integrity.reading import Row, find_range, list_writers, read_rows
from credit.decision_log.integrity.removed import RemovalEvent, Removals, gather_removals, read_removal_events
from credit.decision_log.integrity.walk import ChainWalk
from credit.decision_log.migrate import require_newest_tables
from credit.decision_log.tables import EVENTS_TABLE
from credit.registry.store import Store

ERASURE_KINDS = ("erase", "expire")
"""The events by which personal values may be gone."""

_UNANNOUNCED = timedelta(minutes=5)
"""How long a chain may be without an announcement: a service tries every ten seconds, while the store is away."""

_LOWEST = -(2**63)
"""The lowest place that a row can have: an honest one is from 1 on, and a forged one is not overlooked."""


def verify_databases(
    databases: Sequence[Database], store: Store | None, since: datetime | None = None, until: datetime | None = None
) -> list[TableReport]:
    """Verify every table of a log: its spool and its database, against the checkpoints in a store, if there is one.

    Raises CreditError when a database or the store does not answer, or has tables of another version.
    """
    for database in databases:
        with database.begin_read() as connection:
            require_newest_tables(connection, f"the decision log {database}")
    return LogVerification(databases, store, since, until).verify()


class _Erasure(NamedTuple):
    """An erasure: its event, the rows that it names, and whether a checkpoint covers it, if there is a store."""

    event: str
    rows: frozenset[Any]
    is_confirmed: bool


class LogVerification:
    """A verification of a log; several databases are its database and its spool, in this order."""

    def __init__(
        self,
        databases: Sequence[Database],
        store: Store | None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self._databases, self._store, self._since, self._until = databases, store, since, until
        self._erasure = _Erasure("", frozenset(), True)
        self._began: datetime | None = None
        self._removals = Removals({})
        self._confirmation: Confirmation | None = None
        self._forged: dict[str, RemovalEvent] = {}
        self._announced_since: datetime | None = None
        self._accepted: dict[str, set[int]] = {}
        self._by_service: list[Row] = []
        self._rows_by_hand = 0

    def verify(self) -> list[TableReport]:
        """Verify every table. Raises CreditError when a database or the store does not answer."""
        events = read_removal_events(self._databases)
        if self._store is not None:
            self._confirmation = Confirmation(self._databases, self._store)
            self._announced_since = read_announcements(self._store)
            self._forged = {one.id: one for one in events if not self._confirmation.confirms_removal(one)}
        self._removals = gather_removals(one for one in events if one.id not in self._forged)
        return [self._verify_table(kind) for kind in CHAINED_TABLES]

    def _verify_table(self, kind: ChainedTable) -> TableReport:
        report, self._began = TableReport(kind.table.name, is_confirmed=self._store is not None), None
        self._accepted = {} if self._store is None else list_accepted(self._store, kind.table.name)
        writers = set(list_writers(self._databases, kind))
        if kind is DECISIONS and self._is_all:
            writers |= self._removals.ranges.keys()
        if self._store is not None and self._is_all:
            writers |= set(list_checkpointed_writers(self._store, kind.table.name))
        for writer in sorted(writers):
            self._verify_writer(kind, writer, report)
        self._verify_unchained(kind, report)
        for event in self._forged.values() if kind is EVENTS else ():
            text = "it tells of a removal that the store does not confirm: no `service expire` announced it there"
            report.add(Finding("inserted", kind.table.name, event.writer, event.place, event.id, text))
        return report

    @property
    def _is_all(self) -> bool:
        return self._since is None and self._until is None

    def _verify_writer(self, kind: ChainedTable, writer: str, report: TableReport) -> None:
        first, last = self._find_places(kind, writer)
        if last is not None and last < first:
            return
        points = list_points(self._store, kind.table.name, writer) if self._store is not None else {}
        removed = self._removals.ranges.get(writer, ()) if kind is DECISIONS else ()
        walk = ChainWalk(kind, writer, points, lambda row: self._check_beyond(kind, row, report), removed)
        if first > 1:
            before = next(read_rows(self._databases, kind, writer, first - 1, first - 1), None)
            walk.start_after(before, first - 1)
        lowest = first if first > 1 else _LOWEST
        accepted = self._accepted.get(writer, set()) & points.keys()  # else nothing holds the hash that was accepted
        by_hand = _list_accepted(points.keys() - accepted, accepted)
        rows = self._watch_rows(kind, read_rows(self._databases, kind, writer, lowest, last), by_hand)
        for finding in walk.walk(rows, is_whole=last is None):
            if finding.kind != "deleted" or not self._is_there_by_now(kind, finding):
                report.add(finding)
        report.rows, report.writers = report.rows + walk.rows, report.writers + bool(walk.rows or any(points))
        report.erased, report.checkpoints = report.erased + walk.erased, report.checkpoints + walk.checkpoints
        report.removed += walk.removed
        report.accepted += self._rows_by_hand
        if self._store is not None and not points.keys() - accepted:
            report.unknown += walk.rows - self._rows_by_hand
            self._judge_unannounced(kind, writer, report)
        elif last is None:
            report.beyond_checkpoint += max(0, walk.last_place - max([*points, first - 1]))

    def _judge_unannounced(self, kind: ChainedTable, writer: str, report: TableReport) -> None:
        """Name the first row of a chain that no service announced and nobody accepted, and the last one.

        Commands, which note events without the store too, write none of those that are judged.
        """
        since = self._announced_since
        if not self._by_service or since is None:
            return
        row, last = self._by_service[0], self._by_service[-1]
        if row[kind.moments[-1]] >= since and abs(datetime.now(UTC) - row[kind.moments[-1]]) >= _UNANNOUNCED:
            text = f"no service announced its chain in the store, up to {last['id']} at place {last['sequence']:,}"
            text += ": inserted, or the store was away as long as it ran"
            report.add(Finding("inserted", kind.table.name, writer, row["sequence"], str(row["id"]), text))

    def _is_there_by_now(self, kind: ChainedTable, finding: Finding) -> bool:
        """Look again for a missing row: a service may have moved it from the spool to the database meanwhile."""
        there = read_rows(self._databases, kind, finding.writer, finding.place, finding.place)
        return any(str(row["id"]) != finding.id for row in there)

    def _find_places(self, kind: ChainedTable, writer: str) -> tuple[int, int | None]:
        """Find the places to verify: from the first to the last one, None: to the end."""
        if self._is_all:
            return 1, None
        places = [find_range(database, kind, writer, self._since, self._until) for database in self._databases]
        there = [(first, last) for first, last in places if last is None or last >= first]
        if not there:
            return 1, 0
        return min(first for first, _ in there), None if self._until is None else max(last or 0 for _, last in there)

    def _watch_rows(self, kind: ChainedTable, rows: Iterable[Row], by_hand: Sequence[range]) -> Iterator[Row]:
        """Note the earliest moment of a chained row, after which every row is chained.

        Note also how many rows were accepted by hand, and the first and the last row by a service that is behind them.
        """
        moment, self._by_service, self._rows_by_hand = kind.moments[-1], [], 0
        behind = by_hand[-1][-1] if by_hand else _LOWEST - 1
        for row in rows:
            self._rows_by_hand += any(row["sequence"] in places for places in by_hand)
            if row["sequence"] > behind and (kind is not EVENTS or row["kind"] == "review"):
                self._by_service[1:] = [row]
            self._began = min(self._began or row[moment], row[moment])
            yield row

    def _check_beyond(self, kind: ChainedTable, row: Row, report: TableReport) -> str | None:
        if row["salt"] is None:
            erasure = self._find_erasure(row["erased_by"])
            if row["decision_id" if kind is SHADOWS else "id"] in erasure.rows:
                if not erasure.is_confirmed:
                    report.unconfirmed, report.unconfirmed_by = report.unconfirmed + 1, erasure.event
            elif kind is DECISIONS or not self._is_of_removed(row):
                return "no erasure in the log names it"
        return check_repeat(self._databases, row, self._removals) if kind is DECISIONS else None

    def _is_of_removed(self, row: Row) -> bool:
        """Tell whether a row belongs to a decision that is not there any more, and lost its values with it."""
        if row["erased_by"] in self._forged:
            return False
        decision, query = row["decision_id"], select(EVENTS_TABLE.c.id).where(EVENTS_TABLE.c.kind == "remove")
        for database in self._databases:
            with database.begin_read() as connection:
                if connection.execute(query.where(EVENTS_TABLE.c.id == row["erased_by"])).first() is not None:
                    return decision is not None and not any(one.find(decision) for one in self._databases)
        return False

    def _find_erasure(self, event: str | None) -> _Erasure:
        """Find an erasure; the last one is remembered, for it names many rows."""
        if self._erasure.event != (event or ""):
            found = next(filter(None, (_read_erasure(database, event or "") for database in self._databases)), None)
            detail, writer, place = found or ({}, None, None)
            is_confirmed = self._confirmation is None or self._confirmation.covers(writer or "", place or 0)
            self._erasure = _Erasure(event or "", frozenset(detail.get("rows", ())), is_confirmed)
        return self._erasure

    def _verify_unchained(self, kind: ChainedTable, report: TableReport) -> None:
        """Count the rows from before there was a chain; name the first one that is not from then."""
        columns, moment = kind.table.c, kind.table.c[kind.moments[-1]]
        old, placeless = columns.writer.is_(None), and_(columns.writer.is_not(None), columns.sequence.is_(None))
        late = false() if self._began is None else moment > self._began
        for database in self._databases:
            with database.begin_read() as connection:
                # no order by time: PostgreSQL would walk along all rows of the table to find none of these
                unchained = select(func.count(), func.min(case((late, moment)))).where(old)
                number, first = connection.execute(unchained).one()
                report.unchained += number
                if not self._is_all:
                    continue
                wrong = placeless if first is None else and_(old, moment == first)
                found = connection.execute(select(columns.id).where(wrong).limit(1)).scalar()
            if found is not None:
                text = "is in no chain, though there was one by then: inserted, or written by an older service"
                report.add(Finding("inserted", kind.table.name, "", 0, str(found), text))


def _list_accepted(announced: Set[int], accepted: Set[int]) -> list[range]:
    """List the places that only somebody's word covers: up to an accepted one, from the checkpoint before it on.

    Of these, rows may be gone by their age.
    """
    covered = sorted({*announced, *accepted, 0})
    return [range(start + 1, end + 1) for start, end in pairwise(covered) if end in accepted]


def _read_erasure(database: Database, event: str) -> tuple[dict[str, Any], str | None, int | None] | None:
    told = EVENTS_TABLE.c
    query = select(told.detail, told.writer, told.sequence).where(told.id == event, told.kind.in_(ERASURE_KINDS))
    with database.begin_read() as connection:
        found = connection.execute(query).first()
    return None if found is None else (found.detail or {}, found.writer, found.sequence)

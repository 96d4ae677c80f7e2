"""Find what is to be accepted by hand: a chain up to a row, where it is whole as it is."""

from collections.abc import Sequence

from sqlalchemy import String, cast, select

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import CHAINED_TABLES, DECISIONS, ChainedTable
from credit.decision_log.integrity.checkpoints import Checkpoint, list_accepted, list_points
from credit.decision_log.integrity.confirmed import Confirmation
from credit.decision_log.integrity.reading import read_rows
from credit.decision_log.integrity.removed import RemovedRange, gather_removals, read_removal_events
from credit.decision_log.integrity.walk import ChainWalk
from credit.registry.store import Store


def find_chain(databases: Sequence[Database], store: Store, identifier: str) -> Checkpoint:
    """Find the chain of the row with an id, up to that row: what comes behind it nobody has looked at.

    Rows that went by their age are none that are missing.

    Raises CreditError when there is none, when a checkpoint of a service covers it, or when it is not as it was
    written: no word of anybody mends that.
    """
    kind, writer, place = _find_place(databases, identifier)
    table, points = kind.table.name, list_points(store, kind.table.name, writer)
    known = points.keys() - list_accepted(store, table).get(writer, set())
    if place <= max(known, default=-1):
        found = f"a checkpoint of a service covers it already, that of place {max(known):,}"
        raise CreditError(Problem(f"the chain of {identifier}", found, "a row that none covers"))
    removed = _list_removed(databases, store, writer) if kind is DECISIONS else ()
    walk = ChainWalk(kind, writer, points, lambda row: None, removed)
    finding = next(walk.walk(read_rows(databases, kind, writer, last=place), is_whole=False), None)
    if finding is not None:
        raise CreditError(Problem(f"the chain of {identifier}", str(finding), "one that is whole as it is"))
    return Checkpoint(table, walk.head)


def _list_removed(databases: Sequence[Database], store: Store, writer: str) -> Sequence[RemovedRange]:
    """List the ranges of a writer that went by their age, where the store confirms it."""
    confirmation = Confirmation(databases, store)
    told = filter(confirmation.confirms_removal, read_removal_events(databases))
    return gather_removals(told).ranges.get(writer, ())


def _find_place(databases: Sequence[Database], identifier: str) -> tuple[ChainedTable, str, int]:
    for kind in CHAINED_TABLES:
        columns = kind.table.c
        query = select(columns.writer, columns.sequence).where(cast(columns.id, String) == identifier)
        for database in databases:
            with database.begin_read() as connection:
                found = connection.execute(query.where(columns.sequence.is_not(None))).first()
            if found is not None:
                return kind, found.writer, found.sequence
    expected = "the id of a decision, an outcome, an event or a shadow, as verify-log names it"
    raise CreditError(Problem(f"the row {identifier}", "no row of a chain has this id", expected))

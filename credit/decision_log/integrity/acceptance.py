"""Find the chain of a row that is to be accepted by hand: only one that is whole as it is."""

from collections.abc import Sequence

from sqlalchemy import String, cast, select

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import CHAINED_TABLES, ChainedTable
from credit.decision_log.integrity.checkpoints import Checkpoint, list_points
from credit.decision_log.integrity.reading import read_rows
from credit.decision_log.integrity.walk import ChainWalk
from credit.registry.store import Store


def find_chain(databases: Sequence[Database], store: Store, identifier: str) -> Checkpoint:
    """Find the chain of the row with an id, up to its end.

    Raises CreditError when there is none, or when it is not as it was written: no word of anybody mends that.
    """
    kind, writer = _find_writer(databases, identifier)
    walk = ChainWalk(kind, writer, list_points(store, kind.table.name, writer), lambda row: None)
    finding = next(walk.walk(read_rows(databases, kind, writer), is_whole=True), None)
    if finding is not None:
        raise CreditError(Problem(f"the chain of {identifier}", str(finding), "one that is whole as it is"))
    return Checkpoint(kind.table.name, walk.head)


def _find_writer(databases: Sequence[Database], identifier: str) -> tuple[ChainedTable, str]:
    for kind in CHAINED_TABLES:
        columns = kind.table.c
        query = select(columns.writer).where(cast(columns.id, String) == identifier, columns.writer.is_not(None))
        for database in databases:
            with database.begin_read() as connection:
                writer = connection.execute(query).scalar()
            if writer is not None:
                return kind, writer
    expected = "the id of a decision, an outcome, an event or a shadow, as verify-log names it"
    raise CreditError(Problem(f"the row {identifier}", "no row of a chain has this id", expected))

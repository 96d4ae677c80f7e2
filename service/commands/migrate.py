"""Bring the tables of the decision log up to date, before services of this version start

A service does so itself when it starts, if it may and if it takes less than three seconds. Run this first for a large
log, or as the role to which the tables belong. Services may run beside it: what they decide meanwhile waits in their
spools. It says which tables it found. PostgreSQL keeps decisions apart by month: the months that come are made ahead,
by the services too, and decisions that are in no month are moved to theirs."""

from datetime import UTC, datetime

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.decision_log.database import Database
from credit.decision_log.migrate import read_revision
from credit.decision_log.months.partitions import ensure_months
from credit.decision_log.months.thread import describe_stray
from service.settings import load_settings

EPILOG = """example:
  SERVICE_DATABASE_URL=postgresql+psycopg://owner@database/decisions python -m service migrate"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
def run() -> Answer:
    """Run the migrations that are missing."""
    database = Database(load_settings().database, patient=True)
    try:
        before = _read_revision(database)
        database.prepare()
        after = _read_revision(database)
        months = ensure_months(database, datetime.now(UTC))
    finally:
        database.close()
    done = f"are of revision {after} already" if before == after else f"{before or 'none'} -> {after}"
    content = {"database": str(database), "before": before, "after": after, "months": months._asdict()}
    said = f"{database}: tables {done}"
    if months.made:
        said += f"; {months.made} months made, {months.moved:,} decisions moved into them"
    return Answer(content, said + (f"; {stray}" if (stray := describe_stray(months)) else ""))


def _read_revision(database: Database) -> str | None:
    with database.begin_read() as connection:
        return read_revision(connection)

"""Bring the tables of the decision log up to date, before services of this version start

A service does so itself when it starts, if it may and if it takes less than three seconds. Run this first for a large
log, or as the role to which the tables belong. Services may run beside it: what they decide meanwhile waits in their
spools. It says which tables it found."""

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.decision_log.database import Database
from credit.decision_log.migrate import read_revision
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
    finally:
        database.close()
    done = f"are of revision {after} already" if before == after else f"{before or 'none'} -> {after}"
    return Answer({"database": str(database), "before": before, "after": after}, f"{database}: tables {done}")


def _read_revision(database: Database) -> str | None:
    with database.begin_read() as connection:
        return read_revision(connection)

"""Upgrade a database of the decision log to the newest tables, by Alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from credit.common.errors import CreditError, Problem

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 7_310_514_052  # any number; services that start at the same time wait for each other by it


def upgrade_tables(engine: Engine) -> None:
    """Run the migrations that are missing, one process at a time.

    Raises CreditError when the database is one of a newer version of this code.
    """
    config = _configure()
    with engine.begin() as connection:  # in SQLite nobody else writes meanwhile
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            where = f"the decision log {engine.url.set(query={}).render_as_string()}"
            found = f"its tables are not of revision {_find_newest_revision()} or older: {error}"
            fix = "start the version of the service that made it"
            raise CreditError(Problem(where, found, fix=fix)) from None


def read_revision(connection: Connection) -> str | None:
    """Read the revision of the tables; None where there are none yet."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


@cache
def _find_newest_revision() -> str | None:
    """Find the revision of the tables of this code; once, for Alembic compiles every migration to tell it."""
    return ScriptDirectory.from_config(_configure()).get_current_head()


def require_newest_tables(connection: Connection, where: str) -> None:
    """Require the tables of this code, of a command that changes nothing. Raises CreditError for others."""
    found = read_revision(connection)
    newest = _find_newest_revision()
    if found != newest:
        fix = "start the service of this version once, which brings them up to date"
        raise CreditError(Problem(where, f"tables of revision {found}", str(newest), fix))


def _configure() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config

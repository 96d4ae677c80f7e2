"""Open the log to change it, for the subcommands that show or change what it has about people: who does it is noted."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.decision_log.integrity.append import Appender
from credit.decision_log.integrity.chain import EVENTS
from credit.decision_log.integrity.checkpointing import CheckpointWriter
from credit.decision_log.integrity.continuing import find_end
from credit.decision_log.log import count_decisions
from credit.decision_log.people.applicants import hash_reference
from credit.decision_log.people.events import EventKind, build_event
from credit.registry.address import open_store
from credit.registry.store import Store, StoreError
from service.settings import Settings, load_settings


class OpenedLog(NamedTuple):
    """The log's database, the writer of events in it, who asks, and the settings."""

    database: Database
    events: Appender
    caller: str
    settings: Settings


@contextmanager
def open_log() -> Iterator[OpenedLog]:
    """Open the log of the settings to change it; a checkpoint of the new events is in the store afterwards.

    Raises CreditError when decisions wait in the spool: they would be missed.
    """
    settings = load_settings()
    _require_log(settings)
    database = Database(settings.database, patient=True)
    try:
        database.prepare()
        _require_empty_spool(settings)
        events, _ = _begin_events(database, settings)
        try:
            yield OpenedLog(database, events, _find_caller(), settings)
        finally:  # what was noted before something failed has a checkpoint too
            _write_checkpoint(events, settings)
    finally:
        database.close()


def note_reading(settings: Settings, kind: EventKind, detail: dict[str, Any], decision: str | None = None) -> None:
    """Note who looks at what, before it is shown, for subcommands that read the log and wait for no spool.

    Raises CreditError when the database does not take the event: nothing may be shown then.
    """
    _require_log(settings)
    database = Database(settings.database)
    try:
        events, store = _begin_events(database, settings)
        events.append(build_event(kind, _find_caller(), settings.environment, detail, decision))
        with suppress(CreditError):  # verify-log counts rows without a checkpoint; reading needs no store
            if store is not None:
                _checkpoint(events, settings)
    except CreditError as error:
        fix = "again, when the database takes the event that says who looked"
        shown = Problem("the decision log", "nothing is shown: this could not be noted in it", fix=fix)
        raise CreditError([shown, *error.problems]) from None
    finally:
        database.close()


def _begin_events(database: Database, settings: Settings) -> tuple[Appender, Store | None]:
    """Go on with the chain of the commands, where the store has its end; without the store begin another one."""
    try:
        store = open_store(make=False)
    except CreditError:  # none that can be used
        return Appender(database, EVENTS), None
    with suppress(StoreError):
        return Appender(database, EVENTS, find_end(database, store, settings.environment, datetime.now(UTC))), store
    return Appender(database, EVENTS), None


def read_reference(text: str, settings: Settings) -> str:
    """Read a reference, from standard input for `-`, and hash it. Raises CreditError without the deployment's key."""
    if settings.applicant_key is None:
        expected = "the key of the deployment, by which references are hashed"
        raise CreditError(Problem("SERVICE_APPLICANT_KEY", "nothing", expected))
    reference = sys.stdin.readline().strip() if text == "-" else text
    return hash_reference(settings.applicant_key.get_secret_value(), reference)


def _find_caller() -> str:
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):  # a container whose user has no name
        return f"uid {os.getuid()}"


def _require_log(settings: Settings) -> None:
    if settings.database_url is None and not (settings.state / "decisions.db").exists():
        fix = "SERVICE_STATE and SERVICE_DATABASE_URL say where the decision log is"
        raise CreditError(Problem(str(settings.state / "decisions.db"), "no such file", fix=fix))


def _require_empty_spool(settings: Settings) -> None:
    if not (settings.state / "spool.db").exists():
        return
    spool = Database(f"sqlite:///{settings.state}/spool.db", read_only=True)
    try:
        if waiting := count_decisions(spool):
            found = f"{waiting:,} decisions that the database does not have yet"
            raise CreditError(Problem(str(settings.state / "spool.db"), found, fix="again when they are replayed"))
    finally:
        spool.close()


def _write_checkpoint(events: Appender, settings: Settings) -> None:
    """Write the head of the events into the store. A missing checkpoint is said; the change is made already."""
    try:
        if events.has_appended:
            _checkpoint(events, settings)
    except CreditError as error:
        print(f"no checkpoint of what was noted: {error}", file=sys.stderr)


def _checkpoint(events: Appender, settings: Settings) -> None:
    CheckpointWriter([events.chain], lambda: open_store(make=False), settings.environment).write()

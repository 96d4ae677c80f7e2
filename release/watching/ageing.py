"""Find outcomes that nobody reports, a model of long ago, a model that only fails."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from sqlalchemy import select

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.tables import OUTCOMES_TABLE
from credit.decision_log.writers import find_newest_places
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import require_version
from watch.params import WatchParams
from watch.streams import EntryStreams

FAILED_IN_A_ROW = 5
"""Decisions in a row that the rule made since the model erred. Of a model that errs once in a hundred times, five in a
row begin at one of ten billion decisions; of one that errs once in ten, at one of a hundred thousand."""

What = Literal["failing", "outcomes", "model", "untold"]
CONCERNS: tuple[What, ...] = get_args(What)


class Concern(NamedTuple):
    """Something that people are told of. `what`: its kind, for the metrics; `untold`: the others are not known."""

    what: What
    words: str


def find_last_outcome(database: Database) -> datetime | None:
    """Find when the newest outcome was recorded. Raises CreditError when the log is out of reach."""
    places = find_newest_places(database, OUTCOMES_TABLE)
    columns = OUTCOMES_TABLE.c
    found = []
    with database.begin_read() as connection:
        for writer, place in places.items():
            newest = select(columns.recorded_at).where(columns.writer == writer, columns.sequence == place)
            found += list(connection.execute(newest).scalars())
    return max(found, default=None)


def list_concerns(
    store: Store, database: Database, environment: str, entry: LedgerEntry, params: WatchParams, now: datetime
) -> list[Concern]:
    """List old outcomes and old versions. Nobody owes an outcome before the first entry is as old as the limit."""
    found = []
    limit = timedelta(days=params.outcome_stale_days)
    last = find_last_outcome(database)
    if _find_first_time(store, environment, entry) + limit < now and (last is None or last + limit < now):
        when = "none was ever reported" if last is None else f"the last one was reported on {last:%Y-%m-%d}"
        found.append(Concern("outcomes", f"no outcome for {params.outcome_stale_days} days: {when}"))
    published = require_version(store, entry.version, entry.digest).published_at
    if published + timedelta(days=params.model_days) < now:
        words = f"{entry.version} is of {published:%Y-%m-%d}, more than {params.model_days} days old"
        found.append(Concern("model", words))
    return found


def _find_first_time(store: Store, environment: str, entry: LedgerEntry) -> datetime:
    """Find when the oldest entry was made that is valid: the first ones may be gone or damaged."""
    ledger = Ledger(store, environment)
    for number in sorted(ledger.iterate_numbers()):
        with suppress(CreditError):
            return ledger.read_entry(number).time
    return entry.time


def find_failing(entry: LedgerEntry, streams: EntryStreams | None) -> list[Concern]:
    """Find whether the model of an entry fails on everybody."""
    if entry.kind == "fallback" or streams is None or streams.stepped_in < FAILED_IN_A_ROW:
        return []
    words = (
        f"the rule made the last {streams.stepped_in:,} decisions in place of the model: it failed, was slow or late"
    )
    return [Concern("failing", f"{words}, or what clients send fits another version")]

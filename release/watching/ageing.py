"""Find what people are told of: outcomes that nobody reports, an old or failing model, a clock, the parameters."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from sqlalchemy import select

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, OUTCOMES_TABLE, is_of_environment
from credit.decision_log.writers import find_newest_places
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import require_version
from watch.params import WatchParams
from watch.reading import AHEAD_SECONDS
from watch.streams import EntryStreams

FAILED_IN_A_ROW = 5
"""Decisions in a row that the rule made since the model erred. If errors are independent, a model that errs once in 100
decisions errs five times in a row once in 10 billion; one that errs once in 10, once in 100,000. Errors of one late
batch are not: the alert waits for two minutes."""

_AHEAD_TOLD = timedelta(days=1)
"""For so long it is told that a decision was dated ahead: the alert waits an hour, and tickets go out once a day."""

_PAGE_ROWS = 1_000

What = Literal["failing", "clock", "params", "outcomes", "model", "split", "split_ended", "untold"]
CONCERNS: tuple[What, ...] = get_args(What)


class Concern(NamedTuple):
    """Something that people are told of. `what`: its kind, for the metrics; `untold`: the others are not known."""

    what: What
    words: str


def find_last_outcome(database: Database, environment: str, since: datetime) -> datetime | None:
    """Find when the newest outcome of an environment was recorded.

    Behind newer ones of another environment none from before `since` is looked for. Raises CreditError when the log is
    out of reach.
    """
    places = find_newest_places(database, OUTCOMES_TABLE).items()
    found = [_find_last_of_writer(database, environment, writer, place, since) for writer, place in places]
    return max((one for one in found if one is not None), default=None)


def _find_last_of_writer(
    database: Database, environment: str, writer: str, place: int, since: datetime
) -> datetime | None:
    """Go back from a writer's newest outcome, page by page: environments may share a database, and a service."""
    outcomes, decisions = OUTCOMES_TABLE.c, DECISIONS_TABLE.c
    query = select(outcomes.recorded_at, is_of_environment(environment))
    query = query.join(DECISIONS_TABLE, decisions.id == outcomes.decision_id).where(outcomes.writer == writer)
    for last in range(place, 0, -_PAGE_ROWS):
        page = query.where(outcomes.sequence <= last, outcomes.sequence > last - _PAGE_ROWS)
        with database.begin_read() as connection:
            rows = connection.execute(page.order_by(outcomes.sequence.desc())).all()
        for moment, is_here in rows:
            if is_here or moment < since:
                return moment if is_here else None
    return None


def list_concerns(
    store: Store, database: Database, environment: str, entry: LedgerEntry, params: WatchParams, now: datetime
) -> list[Concern]:
    """List old outcomes and old versions. Nobody owes an outcome before the first entry is as old as the limit."""
    found = []
    limit = timedelta(days=params.outcome_stale_days)
    last = find_last_outcome(database, environment, now - limit)
    if _find_first_time(store, environment, entry) + limit < now and (last is None or last + limit < now):
        when = "" if last is None else f": the last one was reported on {last:%Y-%m-%d}"
        found.append(Concern("outcomes", f"no outcome for {params.outcome_stale_days} days{when}"))
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


def find_ahead(streams: EntryStreams | None, now: datetime) -> list[Concern]:
    """Find decisions of an entry that came before the moment that they are dated, the last one within a day."""
    if streams is None or streams.ahead_at is None or streams.ahead_at + _AHEAD_TOLD.total_seconds() < now.timestamp():
        return []
    words = (
        f"{streams.ahead:,} decisions by entry {streams.entry} came more than {AHEAD_SECONDS / 60:.0f} minutes before "
        "the moment that they are dated: the clock of a service was fast, or that of the watch slow; each is judged, "
        "at the moment of the one before"
    )
    return [Concern("clock", words)]

"""Apply a planned change: verify the version, then write the entry into the ledger."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.ledger import EntryKind, Ledger, LedgerConflictError, LedgerEntry
from credit.registry.store import Store
from release.deployment.change import Attribution, Change
from release.deployment.plan import plan_fallback

MAX_CLOCK_SKEW = timedelta(minutes=1)
"""How far the clock of this machine may differ from the store's before one of them must be wrong."""


def apply_change(
    store: Store, change: Change, insists: bool = True, check: Callable[[], None] = lambda: None
) -> LedgerEntry | None:
    """Verify a change and write its entry; return the entry, None when nothing had to change.

    `insists`: a person's kill switch, which comes after whatever another command wrote first; `check`: called right
    before the entry is written, raises CreditError for what prevents it by then.

    Raises CreditError without any change: the bundle is not intact, or another command wrote an entry first.
    """
    if change.entry is None:
        return None
    verify_change(store, change)
    entry = change.entry.model_copy(update={"time": choose_change_time(store, change.entry.kind, change.before)})
    ledger = Ledger(store, change.environment)
    check()
    try:
        ledger.append_entry(entry)
    except LedgerConflictError:
        if entry.kind != "fallback" or not insists:
            raise
        again = plan_fallback(ledger, Attribution(entry.reason, entry.actor))  # the kill switch is never lost to a race
        return apply_change(store, again)
    return entry


def verify_change(store: Store, change: Change) -> None:
    """Load the bundle of a change, every hash checked. Raises CreditError when it is another one or not intact.

    The kill switch is not held up by it.
    """
    entry = change.entry
    if entry is None or entry.kind == "fallback":
        return
    record = versions.require_version(store, entry.version)
    if record.digest != entry.digest:
        where = f"{store.url}: {record.version}"
        raise CreditError(Problem(where, f"digest {record.digest[:12]}", f"{entry.digest[:12]}, the ledger's"))
    versions.load_stored_bundle(store, record)


def choose_change_time(store: Store, kind: EntryKind, last: LedgerEntry | None) -> datetime:
    """Choose the time of an entry after `last`: this machine's clock where the store's agrees, else the store's.

    It is not before the time of `last`, unless that is in the future: a clock that was wrong once must not date what
    comes after it. A deployment waits until the clock is set; raises CreditError when it is ahead. A rollback does not
    wait for a clock. The kill switch asks the store's only where this machine's has `last` in the future, and goes on
    without an answer.
    """
    now = datetime.now(UTC)
    if kind != "fallback":
        there = store.read_clock()
        if kind == "deploy" and now - there > MAX_CLOCK_SKEW:
            found, expected = f"{now:%Y-%m-%d %H:%M:%S} UTC", f"{there:%Y-%m-%d %H:%M:%S} UTC, as the store's"
            raise CreditError(
                Problem("the clock of this machine", found, expected, "set it; a rollback needs no clock")
            )
        now = now if abs(now - there) <= MAX_CLOCK_SKEW else there
    elif last is not None and last.time - now > MAX_CLOCK_SKEW:
        with suppress(CreditError):
            now = store.read_clock()
    is_ahead = last is not None and last.time - now > MAX_CLOCK_SKEW
    return now if last is None or is_ahead else max(now, last.time)

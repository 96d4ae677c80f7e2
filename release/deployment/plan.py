"""Decide what a deployment, a rollback or the kill switch changes. Reads ledger and clock, and writes nothing."""

from datetime import UTC, datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import EntryKind, Ledger, LedgerEntry, choose_entry_time
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord

FALLBACK_TARGET = "rule"
"""What `--to` takes besides a version: the rule beside the model decides."""


class Attribution(NamedTuple):
    """The author of a change, and the reason. `tag`: the git tag that it follows, if one came first.

    `approver`: a second person, None where nobody was asked.
    """

    reason: str
    actor: str
    tag: str | None = None
    approver: str | None = None


class Target(NamedTuple):
    """A version by its digest. `back`: the number of the entry that a rollback returns to."""

    version: str
    digest: str
    back: int | None


class Change(NamedTuple):
    """A planned change: `entry` is to follow `before`; None when the environment is already as it should be."""

    environment: str
    before: LedgerEntry | None
    entry: LedgerEntry | None

    @property
    def resulting_entry(self) -> LedgerEntry:
        """The newest entry once the change is made."""
        entry = self.entry or self.before
        if entry is None:
            raise ValueError("a change from nothing to nothing")
        return entry


def plan_deployment(ledger: Ledger, record: VersionRecord, by: Attribution) -> Change:
    """Put a version that is in the store into an environment; returning to one that was live before is a rollback."""
    last = ledger.read_newest()
    if last is not None and _is_current(last, record):
        return Change(ledger.environment, last, None)
    if last is not None and parse_version(record.version) < parse_version(last.version):
        previous = _find_previous_entry(ledger, last, record)
        if previous is not None:
            return _build_change(ledger, last, "rollback", Target(record.version, record.digest, previous.back), by)
    back = None if last is None else last.back if last.kind == "fallback" else last.number
    return _build_change(ledger, last, "deploy", Target(record.version, record.digest, back), by)


def plan_rollback(ledger: Ledger, by: Attribution) -> Change:
    """Return to the version before the live one that was not itself rolled back from."""
    last = _require_entry(ledger, ledger.read_newest())
    if last.back is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment}",
                f"no version before {last.version} to return to",
                fix="release rollback --to rule lets the rule decide",
            )
        )
    previous = ledger.read_entry(last.back)
    return _build_change(ledger, last, "rollback", Target(previous.version, previous.digest, previous.back), by)


def plan_rollback_to(ledger: Ledger, record: VersionRecord, by: Attribution) -> Change:
    """Return to a version by name. Needs no valid newest entry: a broken one may be why the rollback is needed."""
    last = _require_entry(ledger, next(ledger.iterate_valid_entries(), None))
    if last.number == ledger.find_last_number() and _is_current(last, record):
        return Change(ledger.environment, last, None)
    previous = _find_previous_entry(ledger, last, record)
    back = previous.back if previous else last.back
    return _build_change(ledger, last, "rollback", Target(record.version, record.digest, back), by)


def plan_fallback(ledger: Ledger, by: Attribution) -> Change:
    """Let the rule decide, at once: reads nothing but the ledger, and asks neither the clock nor the bundle."""
    last = _require_entry(ledger, next(ledger.iterate_valid_entries(), None))
    if last.kind == "fallback" and last.number == ledger.find_last_number():
        return Change(ledger.environment, last, None)
    return _build_change(ledger, last, "fallback", Target(last.version, last.digest, last.back), by)


def plan_reversal(ledger: Ledger, failed: LedgerEntry, before: LedgerEntry | None, by: Attribution) -> Change | None:
    """Restore an environment as it was before an entry; None when another command has changed it since."""
    last = ledger.read_newest()
    if last is None or last.id != failed.id:
        return None
    if before is None:
        return _build_change(ledger, last, "fallback", Target(failed.version, failed.digest, None), by)
    kind: EntryKind = "fallback" if before.kind == "fallback" else "rollback"
    return _build_change(ledger, last, kind, Target(before.version, before.digest, before.back), by)


def choose_change_time(kind: EntryKind, last: LedgerEntry | None) -> datetime:
    """Choose the time of an entry after `last`. The kill switch asks no clock whether it may be right."""
    now = datetime.now(UTC)
    return max(now, last.time) if kind == "fallback" and last else choose_entry_time(last)


def read_current_entry(store: Store, environment: str) -> LedgerEntry:
    """Read the entry that is live. Raises CreditError when none is, or it is not valid."""
    ledger = Ledger(store, environment)
    return _require_entry(ledger, ledger.read_newest())


def describe_decider(entry: LedgerEntry) -> str:
    """Name what decides by an entry: its version, or the rule beside it."""
    return f"the {FALLBACK_TARGET} of {entry.version}" if entry.kind == "fallback" else entry.version


def _is_current(last: LedgerEntry, record: VersionRecord) -> bool:
    return last.kind != "fallback" and (last.version, last.digest) == (record.version, record.digest)


def _find_previous_entry(ledger: Ledger, last: LedgerEntry, record: VersionRecord) -> LedgerEntry | None:
    """Find the entry by which a version was live before, of those that were not rolled back from."""
    seen: LedgerEntry | None = last
    while seen is not None:
        if seen.version == record.version and seen.digest == record.digest:
            return seen
        try:
            seen = ledger.find_entry(seen.back) if seen.back is not None else None
        except CreditError:
            return None  # an entry that is not valid hides what lies below it, and must not stop a rollback by name
    return None


def _build_change(ledger: Ledger, last: LedgerEntry | None, kind: EntryKind, target: Target, by: Attribution) -> Change:
    """Build the change to `target` as the ledger's next entry. Its number counts entries that are not valid too."""
    entry = LedgerEntry(
        number=ledger.find_last_number() + 1,
        kind=kind,
        version=target.version,
        digest=target.digest,
        reason=by.reason,
        actor=by.actor,
        time=choose_change_time(kind, last),
        back=target.back,
        tag=by.tag,
        approver=by.approver,
    )
    return Change(ledger.environment, last, entry)


def _require_entry(ledger: Ledger, last: LedgerEntry | None) -> LedgerEntry:
    if last is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment} in {ledger.store.url}",
                "nothing was ever deployed",
                fix="release deploy VERSION puts a version there; is RELEASE_STORE right?",
            )
        )
    return last

"""What is live: deploy, roll back, let the rule decide. Each verifies first and ends with one entry in the ledger."""

from datetime import UTC, datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.ledger import EntryKind, Ledger, LedgerConflictError, LedgerEntry, choose_entry_time
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord

FALLBACK_TARGET = "rule"
"""What `--to` takes besides a version: the rule beside the model decides."""


class Attribution(NamedTuple):
    """Who wants it, and why."""

    reason: str
    actor: str


class Change(NamedTuple):
    """What a command would do, before it does it: `entry` is to come after `before`; None when that holds already."""

    environment: str
    before: LedgerEntry | None
    entry: LedgerEntry | None

    @property
    def resulting_entry(self) -> LedgerEntry:
        """The entry that holds when it is done."""
        entry = self.entry or self.before
        if entry is None:
            raise ValueError("a change from nothing to nothing")
        return entry


def plan_deployment(ledger: Ledger, record: VersionRecord, why: Attribution, tag: str | None = None) -> Change:
    """Put a version that is in the store into an environment; one that was live before is returned to."""
    last = ledger.read_newest()
    if last is not None and _is_current(last, record):
        return Change(ledger.environment, last, None)
    if last is not None and parse_version(record.version) < parse_version(last.version):
        stood = _find_previous_entry(ledger, last, record)
        if stood is not None:
            return _build_change(ledger, last, "rollback", record.version, record.digest, stood.back, why, tag)
    back = None if last is None else last.back if last.kind == "fallback" else last.number
    return _build_change(ledger, last, "deploy", record.version, record.digest, back, why, tag)


def plan_rollback(ledger: Ledger, why: Attribution, tag: str | None = None) -> Change:
    """Return to the version before the live one that was not itself rolled back from."""
    last = _require_entry(ledger, ledger.read_newest())
    if last.back is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment}",
                f"no version before {last.version}",
                "one to return to",
                "release rollback --to rule lets the rule decide",
            )
        )
    target = ledger.read_entry(last.back)
    return _build_change(ledger, last, "rollback", target.version, target.digest, target.back, why, tag)


def plan_rollback_to(ledger: Ledger, record: VersionRecord, why: Attribution, tag: str | None = None) -> Change:
    """Return to a version by name. Needs no valid newest entry: who is on call may be here because of a broken one."""
    last = _require_entry(ledger, next(ledger.iterate_valid_entries(), None))
    if last.number == ledger.find_last_number() and _is_current(last, record):
        return Change(ledger.environment, last, None)
    stood = _find_previous_entry(ledger, last, record)
    back = stood.back if stood else last.back
    return _build_change(ledger, last, "rollback", record.version, record.digest, back, why, tag)


def plan_fallback(ledger: Ledger, why: Attribution) -> Change:
    """Let the rule decide, at once: reads nothing but the ledger, and asks neither the clock nor the bundle."""
    last = _require_entry(ledger, next(ledger.iterate_valid_entries(), None))
    if last.kind == "fallback" and last.number == ledger.find_last_number():
        return Change(ledger.environment, last, None)
    return _build_change(ledger, last, "fallback", last.version, last.digest, last.back, why, None)


def apply_change(store: Store, change: Change) -> LedgerEntry | None:
    """Verify what is to go live, then let it: the entry made. Raises CreditError, and what is live stays live."""
    if change.entry is None:
        return None
    if change.entry.kind != "fallback":
        record = versions.require_version(store, change.entry.version)
        if record.digest != change.entry.digest:
            where = f"{store.url}: {record.version}"
            raise CreditError(
                Problem(where, f"digest {record.digest[:12]}", f"{change.entry.digest[:12]}, the ledger's")
            )
        versions.load_stored_bundle(store, record)
    ledger = Ledger(store, change.environment)
    entry = change.entry.model_copy(
        update={"time": _choose_time(change.entry.kind, change.before)}
    )  # verifying took a while
    try:
        ledger.append_entry(entry)
    except LedgerConflictError:
        if entry.kind != "fallback":
            raise
        return apply_change(
            store, plan_fallback(ledger, Attribution(entry.reason, entry.actor))
        )  # nobody outruns the kill switch
    return entry


def revert_change(
    store: Store, environment: str, failed: LedgerEntry, before: LedgerEntry | None, why: Attribution
) -> LedgerEntry | None:
    """Undo a change that did not take: the environment is as it was before, unless somebody changed it meanwhile."""
    ledger = Ledger(store, environment)
    last = ledger.read_newest()
    if last is None or last.id != failed.id:
        return None
    kind: EntryKind = "fallback" if before is None or before.kind == "fallback" else "rollback"
    to = before or failed
    change = _build_change(ledger, last, kind, to.version, to.digest, to.back if before else None, why, None)
    return apply_change(store, change)


def read_current_entry(store: Store, environment: str) -> LedgerEntry:
    """What is live. Raises CreditError when nothing is."""
    ledger = Ledger(store, environment)
    return _require_entry(ledger, ledger.read_newest())


def _is_current(last: LedgerEntry, record: VersionRecord) -> bool:
    return last.kind != "fallback" and (last.version, last.digest) == (record.version, record.digest)


def _find_previous_entry(ledger: Ledger, last: LedgerEntry, record: VersionRecord) -> LedgerEntry | None:
    """The entry by which a version was live before, of those that were not rolled back from."""
    seen: LedgerEntry | None = last
    while seen is not None:
        if seen.version == record.version and seen.digest == record.digest:
            return seen
        try:
            seen = ledger.find_entry(seen.back) if seen.back is not None else None
        except CreditError:
            return None  # an entry that is not valid hides what lies below it, and must not stop a rollback by name
    return None


def _build_change(
    ledger: Ledger,
    last: LedgerEntry | None,
    kind: EntryKind,
    version: str,
    digest: str,
    back: int | None,
    why: Attribution,
    tag: str | None,
) -> Change:
    entry = LedgerEntry(
        number=ledger.find_last_number() + 1,
        kind=kind,
        version=version,
        digest=digest,
        reason=why.reason,
        actor=why.actor,
        time=_choose_time(kind, last),
        back=back,
        tag=tag,
    )
    return Change(ledger.environment, last, entry)


def _choose_time(kind: EntryKind, last: LedgerEntry | None) -> datetime:
    """The time of an entry. The kill switch asks no clock whether it may be right."""
    now = datetime.now(UTC)
    return max(now, last.time) if kind == "fallback" and last else choose_entry_time(last)


def _require_entry(ledger: Ledger, last: LedgerEntry | None) -> LedgerEntry:
    if last is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment} in {ledger.store.url}",
                "nothing that was ever deployed",
                "a live version",
                "release deploy VERSION puts one there; is RELEASE_STORE right?",
            )
        )
    return last

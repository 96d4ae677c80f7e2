"""What is live: deploy, roll back, let the rule decide. Each verifies first and ends with one entry in the ledger."""

from datetime import UTC, datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.ledger import Entry, Kind, Ledger, OutrunError, time_after
from credit.registry.names import version_of
from credit.registry.store import Store
from credit.registry.versions import Published

RULE = "rule"
"""What `--to` takes besides a version: the rule beside the model decides."""


class Why(NamedTuple):
    """Who wants it, and why."""

    reason: str
    actor: str


class Change(NamedTuple):
    """What a command would do, before it does it: `entry` is to come after `before`; None when that holds already."""

    environment: str
    before: Entry | None
    entry: Entry | None

    @property
    def holds(self) -> Entry:
        """The entry that holds when it is done."""
        entry = self.entry or self.before
        if entry is None:
            raise ValueError("a change from nothing to nothing")
        return entry


def deployment(ledger: Ledger, record: Published, why: Why, tag: str | None = None) -> Change:
    """Put a version that is in the store into an environment; one that was live before is returned to."""
    last = ledger.newest()
    if last is not None and _is_live(last, record):
        return Change(ledger.environment, last, None)
    if last is not None and version_of(record.version) < version_of(last.version):
        stood = _stood(ledger, last, record)
        if stood is not None:
            return _change(ledger, last, "rollback", record.version, record.digest, stood.back, why, tag)
    back = None if last is None else last.back if last.kind == "fallback" else last.number
    return _change(ledger, last, "deploy", record.version, record.digest, back, why, tag)


def rollback(ledger: Ledger, why: Why, tag: str | None = None) -> Change:
    """Return to the version before the live one that was not itself rolled back from."""
    last = _required(ledger, ledger.newest())
    if last.back is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment}",
                f"no version before {last.version}",
                "one to return to",
                "release rollback --to rule lets the rule decide",
            )
        )
    target = ledger.entry(last.back)
    return _change(ledger, last, "rollback", target.version, target.digest, target.back, why, tag)


def rollback_to(ledger: Ledger, record: Published, why: Why, tag: str | None = None) -> Change:
    """Return to a version by name. Needs no valid newest entry: who is on call may be here because of a broken one."""
    last = _required(ledger, next(ledger.backwards(), None))
    if last.number == ledger.length() and _is_live(last, record):
        return Change(ledger.environment, last, None)
    stood = _stood(ledger, last, record)
    back = stood.back if stood else last.back
    return _change(ledger, last, "rollback", record.version, record.digest, back, why, tag)


def fallback(ledger: Ledger, why: Why) -> Change:
    """Let the rule decide, at once: reads nothing but the ledger, and asks neither the clock nor the bundle."""
    last = _required(ledger, next(ledger.backwards(), None))
    if last.kind == "fallback" and last.number == ledger.length():
        return Change(ledger.environment, last, None)
    return _change(ledger, last, "fallback", last.version, last.digest, last.back, why, None)


def apply(store: Store, change: Change) -> Entry | None:
    """Verify what is to go live, then let it: the entry made. Raises CreditError, and what is live stays live."""
    if change.entry is None:
        return None
    if change.entry.kind != "fallback":
        record = versions.required(store, change.entry.version)
        if record.digest != change.entry.digest:
            where = f"{store.url}: {record.version}"
            raise CreditError(
                Problem(where, f"digest {record.digest[:12]}", f"{change.entry.digest[:12]}, the ledger's")
            )
        versions.loaded(store, record)
    ledger = Ledger(store, change.environment)
    entry = change.entry.model_copy(update={"time": _now(change.entry.kind, change.before)})  # verifying took a while
    try:
        ledger.append(entry)
    except OutrunError:
        if entry.kind != "fallback":
            raise
        return apply(store, fallback(ledger, Why(entry.reason, entry.actor)))  # nobody outruns the kill switch
    return entry


def put_back(store: Store, environment: str, failed: Entry, before: Entry | None, why: Why) -> Entry | None:
    """Undo a change that did not take: the environment is as it was before, unless somebody changed it meanwhile."""
    ledger = Ledger(store, environment)
    last = ledger.newest()
    if last is None or last.id != failed.id:
        return None
    kind: Kind = "fallback" if before is None or before.kind == "fallback" else "rollback"
    to = before or failed
    change = _change(ledger, last, kind, to.version, to.digest, to.back if before else None, why, None)
    return apply(store, change)


def current(store: Store, environment: str) -> Entry:
    """What is live. Raises CreditError when nothing is."""
    ledger = Ledger(store, environment)
    return _required(ledger, ledger.newest())


def _is_live(last: Entry, record: Published) -> bool:
    return last.kind != "fallback" and (last.version, last.digest) == (record.version, record.digest)


def _stood(ledger: Ledger, last: Entry, record: Published) -> Entry | None:
    """The entry by which a version was live before, of those that were not rolled back from."""
    seen: Entry | None = last
    while seen is not None:
        if seen.version == record.version and seen.digest == record.digest:
            return seen
        try:
            seen = ledger.find(seen.back) if seen.back is not None else None
        except CreditError:
            return None  # an entry that is not valid hides what lies below it, and must not stop a rollback by name
    return None


def _change(
    ledger: Ledger,
    last: Entry | None,
    kind: Kind,
    version: str,
    digest: str,
    back: int | None,
    why: Why,
    tag: str | None,
) -> Change:
    entry = Entry(
        number=ledger.length() + 1,
        kind=kind,
        version=version,
        digest=digest,
        reason=why.reason,
        actor=why.actor,
        time=_now(kind, last),
        back=back,
        tag=tag,
    )
    return Change(ledger.environment, last, entry)


def _now(kind: Kind, last: Entry | None) -> datetime:
    """The time of an entry. The kill switch asks no clock whether it may be right."""
    now = datetime.now(UTC)
    return max(now, last.time) if kind == "fallback" and last else time_after(last)


def _required(ledger: Ledger, last: Entry | None) -> Entry:
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

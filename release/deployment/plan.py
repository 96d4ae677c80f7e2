"""Decide what a deployment, a rollback or the kill switch changes. Reads ledger and clock, and writes nothing."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import EntryKind, Ledger, LedgerEntry
from credit.registry.names import Version, parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord

FALLBACK_TARGET = "rule"
"""What `--to` takes besides a version: the rule beside the model decides."""

PREVIOUS_TARGET = "previous"
"""What it takes for the version before, which is what it does without a name."""

MAX_CLOCK_SKEW = timedelta(minutes=1)
"""How far the clock of this machine may differ from the store's before one of them must be wrong."""


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


class Condition(NamedTuple):
    """What must hold for a change to be made.

    `current`: the version, `rule`, or the number of the entry that must be live, for --from; None: any. `after_rule`:
    whether the kill switch may be lifted.
    """

    current: str | None = None
    after_rule: bool = False


ANY = Condition()


class Change(NamedTuple):
    """A planned change: `entry` is to follow `before`; None when the environment is already as it should be.

    `notes`: lines for people, such as of a version that was passed over.
    """

    environment: str
    before: LedgerEntry | None
    entry: LedgerEntry | None
    notes: tuple[str, ...] = ()

    @property
    def resulting_entry(self) -> LedgerEntry:
        """The newest entry once the change is made."""
        entry = self.entry or self.before
        if entry is None:
            raise ValueError("a change from nothing to nothing")
        return entry


def parse_target(text: str) -> str:
    """Parse what a rollback returns to as people type it: `Rule` and `previous ` are words like `rule`."""
    word = text.strip()
    return word.lower() if word.lower() in (FALLBACK_TARGET, PREVIOUS_TARGET) else word


class _Head(NamedTuple):
    """The end of a ledger, read once: the number of its newest entry, valid or not, and the newest valid entry."""

    number: int
    last: LedgerEntry | None


def plan_deployment(ledger: Ledger, record: VersionRecord, by: Attribution, when: Condition = ANY) -> Change:
    """Put a version that is in the store into an environment; returning to one that was live before is a rollback."""
    number = ledger.find_last_number()
    last = ledger.read_entry(number) if number else None
    check_condition(ledger, last, when)
    if last is not None and _is_current(last, record):
        return Change(ledger.environment, last, None)
    head = _Head(number, last)
    if last is not None and parse_version(record.version) < parse_version(last.version):
        previous = _find_standing_entry(ledger, last, record)
        if previous is not None:
            return _build_change(ledger, head, "rollback", Target(record.version, record.digest, previous.back), by)
    back = None if last is None else last.back if last.kind == "fallback" else last.number
    return _build_change(ledger, head, "deploy", Target(record.version, record.digest, back), by)


def plan_rollback(
    ledger: Ledger, by: Attribution, when: Condition = ANY, withdrawn: Collection[Version] = ()
) -> Change:
    """Return to the version before the live one that was not itself rolled back from, nor withdrawn."""
    number = ledger.find_last_number()
    last = _require_entry(ledger, ledger.read_entry(number) if number else None)
    check_condition(ledger, last, when)
    previous, passed = find_rollback_entry(ledger, last, withdrawn)
    if previous is None:
        also = f" that is not withdrawn ({', '.join(passed)} {'is' if len(passed) == 1 else 'are'})" if passed else ""
        raise CreditError(
            Problem(
                f"environment {ledger.environment}",
                f"no version before {last.version} to return to{also}",
                fix="release rollback --to rule lets the rule decide",
            )
        )
    target = Target(previous.version, previous.digest, previous.back)
    change = _build_change(ledger, _Head(number, last), "rollback", target, by)
    return change._replace(notes=tuple(f"{version} is withdrawn, and passed over" for version in passed))


def find_rollback_entry(
    ledger: Ledger, last: LedgerEntry, withdrawn: Collection[Version] = ()
) -> tuple[LedgerEntry | None, list[str]]:
    """Find the entry that a plain rollback returns to, and the withdrawn versions that it passes over."""
    passed: list[str] = []
    number = last.back
    while number is not None:
        entry = ledger.read_entry(number)
        if parse_version(entry.version) not in withdrawn:
            return entry, passed
        passed.append(entry.version)
        number = entry.back
    return None, passed


def plan_rollback_to(ledger: Ledger, record: VersionRecord, by: Attribution, when: Condition = ANY) -> Change:
    """Return to a version by name. Needs no valid newest entry: a broken one may be why the rollback is needed.

    What stood below the version when it was live stands below it again: so the way back from a rollback is whole.
    Raises CreditError for one that was never live there: to put it there is a deployment, with all that this asks.
    """
    head = _read_head(ledger)
    last = _require_entry(ledger, head.last)
    check_condition(ledger, last, when)
    if last.number == head.number and _is_current(last, record):
        return Change(ledger.environment, last, None)
    previous = _find_standing_entry(ledger, last, record) or _find_last_entry(ledger, record)
    back = previous.back if previous else last.back
    change = _build_change(ledger, head, "rollback", Target(record.version, record.digest, back), by)
    return change if previous else change._replace(notes=(_excuse_unknown(ledger, record),))


def _excuse_unknown(ledger: Ledger, record: VersionRecord) -> str:
    """Say why a version may be returned to that no valid entry has. Raises CreditError when all entries are valid.

    An entry that is not valid may be the one: it must not stand in the way back, and the chain tells who changed it.
    """
    entries = enumerate(reversed(ledger.read_entries_or_errors()), start=1)
    if broken := [str(number) for number, one in entries if isinstance(one, CreditError)]:
        return f"that {record.version} was live cannot be told: not valid are the entries {', '.join(broken)}"
    found = f"{record.version}, digest {record.digest[:12]}, was never live there"
    fix = f"release deploy {record.version} --env {ledger.environment} puts it there, once its checks pass"
    raise CreditError(Problem(f"environment {ledger.environment}", found, fix=fix))


def plan_fallback(ledger: Ledger, by: Attribution, when: Condition = ANY) -> Change:
    """Let the rule decide, at once: reads nothing but the ledger, and asks neither the clock nor the bundle."""
    head = _read_head(ledger)
    last = _require_entry(ledger, head.last)
    check_condition(ledger, last, when._replace(after_rule=True))
    if last.kind == "fallback" and last.number == head.number:
        return Change(ledger.environment, last, None)
    return _build_change(ledger, head, "fallback", Target(last.version, last.digest, last.back), by)


def plan_reversal(ledger: Ledger, failed: LedgerEntry, before: LedgerEntry | None, by: Attribution) -> Change | None:
    """Restore an environment as it was before an entry; None when another command has changed it since."""
    last = ledger.read_newest()
    if last is None or last.id != failed.id:
        return None
    head = _Head(last.number, last)
    if before is None:
        return _build_change(ledger, head, "fallback", Target(failed.version, failed.digest, None), by)
    kind: EntryKind = "fallback" if before.kind == "fallback" else "rollback"
    return _build_change(ledger, head, kind, Target(before.version, before.digest, before.back), by)


def check_condition(ledger: Ledger, last: LedgerEntry | None, when: Condition) -> None:
    """Compare the newest entry with the one that a change is for. Raises CreditError when it is another one."""
    now = "nothing" if last is None else f"{describe_decider(last)} by entry {last.number}, {last.actor}: {last.reason}"
    where = f"environment {ledger.environment}"
    if when.current is not None and (last is None or not _is_named(last, when.current)):
        fix = "nothing was changed; release status says what is live"
        raise CreditError(Problem(where, now, f"{when.current}, as --from says", fix))
    if last is not None and last.kind == "fallback" and not when.after_rule:
        fix = "if whoever pulled it agrees, the same command with --after-rule puts a model back"
        raise CreditError(Problem(where, f"the kill switch is pulled ({now})", fix=fix))


def choose_change_time(store: Store, kind: EntryKind, last: LedgerEntry | None) -> datetime:
    """Choose the time of an entry after `last`: this machine's clock where the store's agrees, else the store's.

    A deployment waits until the clock is set; raises CreditError when it is ahead. A rollback does not wait for a
    clock, and the kill switch does not even ask the store's.
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
    return max(now, last.time) if last else now


def read_current_entry(store: Store, environment: str) -> LedgerEntry:
    """Read the entry that is live. Raises CreditError when none is, or it is not valid."""
    ledger = Ledger(store, environment)
    return _require_entry(ledger, ledger.read_newest())


def describe_decider(entry: LedgerEntry) -> str:
    """Name what decides by an entry: its version, or the rule beside it."""
    return f"the {FALLBACK_TARGET} of {entry.version}" if entry.kind == "fallback" else entry.version


def _is_current(last: LedgerEntry, record: VersionRecord) -> bool:
    return last.kind != "fallback" and (last.version, last.digest) == (record.version, record.digest)


def _is_named(last: LedgerEntry, name: str) -> bool:
    """Tell whether an entry is the one that --from names: by its number, by `rule`, or by its version."""
    name = parse_target(name)
    if name.isdecimal():
        return last.number == int(name)
    if name == FALLBACK_TARGET or last.kind == "fallback":
        return name == FALLBACK_TARGET and last.kind == "fallback"
    return parse_version(name) == parse_version(last.version)


def _read_head(ledger: Ledger) -> _Head:
    number = ledger.find_last_number()
    for one in range(number, 0, -1):
        try:
            return _Head(number, ledger.read_entry(one))
        except CreditError:
            continue
    return _Head(number, None)


def _find_standing_entry(ledger: Ledger, last: LedgerEntry, record: VersionRecord) -> LedgerEntry | None:
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


def _find_last_entry(ledger: Ledger, record: VersionRecord) -> LedgerEntry | None:
    """Find the last entry by which a version was live, rolled back from or not."""
    entries = (one for one in ledger.read_entries_or_errors() if isinstance(one, LedgerEntry))
    return next((one for one in entries if (one.version, one.digest) == (record.version, record.digest)), None)


def _build_change(ledger: Ledger, head: _Head, kind: EntryKind, target: Target, by: Attribution) -> Change:
    """Build the change to `target` as the ledger's next entry. Its number counts entries that are not valid too."""
    now = datetime.now(UTC)
    entry = LedgerEntry(
        number=head.number + 1,
        kind=kind,
        version=target.version,
        digest=target.digest,
        reason=by.reason,
        actor=by.actor,
        time=max(now, head.last.time) if head.last else now,
        back=target.back,
        tag=by.tag,
        previous=ledger.hash_entry(head.number) if head.number else None,
        approver=by.approver,
    )
    return Change(ledger.environment, head.last, entry)


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

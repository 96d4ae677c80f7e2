"""Decide what a deployment, a rollback or the kill switch changes. Reads ledger and clock, and writes nothing."""

from collections.abc import Collection
from datetime import UTC, datetime

from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.ledger import EntryKind, Ledger, LedgerEntry
from credit.registry.names import Version, parse_version
from credit.registry.versions import VersionRecord
from release.deployment.change import (
    ANY,
    FALLBACK_TARGET,
    PREVIOUS_TARGET,
    Attribution,
    Change,
    Condition,
    Target,
    check_condition,
)
from release.deployment.way_back import (
    Head,
    find_rollback_entry,
    find_standing_entry,
    read_head,
    require_entry,
)
from release.repository.witness import list_withdrawn


def plan_deployment(ledger: Ledger, record: VersionRecord, by: Attribution, when: Condition = ANY) -> Change:
    """Put a version that is in the store into an environment; returning to one that was live before is a rollback."""
    number = ledger.find_last_number()
    last = ledger.read_entry(number) if number else None
    check_condition(ledger, last, when)
    if last is not None and _is_current(last, record):
        return Change(ledger.environment, last, None)
    head = Head(number, last)
    if last is not None and parse_version(record.version) < parse_version(last.version):
        previous = find_standing_entry(ledger, last, record)
        if previous is not None:
            return _build_change(ledger, head, "rollback", Target(record.version, record.digest, previous.back), by)
    back = None if last is None else last.back if last.kind == "fallback" else last.number
    return _build_change(ledger, head, "deploy", Target(record.version, record.digest, back), by)


def plan_way_back(ledger: Ledger, target: str, by: Attribution, when: Condition = ANY) -> Change:
    """Return to a target as `parse_target` gives it: `previous`, `rule`, or a version that was published."""
    if target == PREVIOUS_TARGET:
        return plan_rollback(ledger, by, when, list_withdrawn())
    if target == FALLBACK_TARGET:
        return plan_fallback(ledger, by, when)
    return plan_rollback_to(ledger, versions.require_version(ledger.store, target), by, when)


def plan_rollback(
    ledger: Ledger, by: Attribution, when: Condition = ANY, withdrawn: Collection[Version] = ()
) -> Change:
    """Return to the version before the live one that was not itself rolled back from, nor withdrawn."""
    number = ledger.find_last_number()
    last = require_entry(ledger, ledger.read_entry(number) if number else None)
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
    change = _build_change(ledger, Head(number, last), "rollback", target, by)
    return change._replace(notes=tuple(f"{version} is withdrawn, and passed over" for version in passed))


def plan_rollback_to(ledger: Ledger, record: VersionRecord, by: Attribution, when: Condition = ANY) -> Change:
    """Return to a version by name. Needs no valid newest entry: a broken one may be why the rollback is needed.

    What stood below the version when it was live stands below it again: so the way back from a rollback is whole.
    Raises CreditError for one that was never live there: to put it there is a deployment, with all that this asks.
    """
    head = read_head(ledger)
    last = require_entry(ledger, head.last)
    check_condition(ledger, last, when)
    if last.number == head.number and _is_current(last, record):
        return Change(ledger.environment, last, None)
    previous = find_standing_entry(ledger, last, record) or ledger.find_last_of(record.version, record.digest)
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
    head = read_head(ledger)
    last = require_entry(ledger, head.last)
    check_condition(ledger, last, when._replace(after_rule=True))
    if last.kind == "fallback" and last.number == head.number:
        return Change(ledger.environment, last, None)
    return _build_change(ledger, head, "fallback", Target(last.version, last.digest, last.back), by)


def plan_reversal(ledger: Ledger, failed: LedgerEntry, before: LedgerEntry | None, by: Attribution) -> Change | None:
    """Restore an environment as it was before an entry; None when another command has changed it since."""
    last = ledger.read_newest()
    if last is None or last.id != failed.id:
        return None
    head = Head(last.number, last)
    if before is None:
        return _build_change(ledger, head, "fallback", Target(failed.version, failed.digest, None), by)
    kind: EntryKind = "fallback" if before.kind == "fallback" else "rollback"
    return _build_change(ledger, head, kind, Target(before.version, before.digest, before.back), by)


def _is_current(last: LedgerEntry, record: VersionRecord) -> bool:
    return last.kind != "fallback" and (last.version, last.digest) == (record.version, record.digest)


def _build_change(ledger: Ledger, head: Head, kind: EntryKind, target: Target, by: Attribution) -> Change:
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

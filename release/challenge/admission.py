"""Decide whether a version may challenge the live one: nothing of it may surprise whoever reads its decisions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry.challenges import Challenge, Challenges, SplitPlan
from credit.registry.ledger import WATCH_ACTOR, Ledger, LedgerEntry
from credit.registry.names import parse_version
from credit.registry.store import Store, StoreError
from credit.registry.stored_fields import read_stored_fields
from credit.registry.versions import VersionRecord, load_stored_bundle, require_version
from release.deployment.change import FALLBACK_TARGET
from release.deployment.clients import compare_clients
from release.deployment.quarantine import UNEQUAL_REASON, Quarantine
from release.deployment.way_back import read_current_entry
from release.repository.witness import list_withdrawn


class Contest(NamedTuple):
    """A version that may challenge the live one. `after`: the newest record of challenges, 0 without one.

    `current`: the challenge that is on already, by the same version; `notes`: lines for people.
    """

    live: LedgerEntry
    record: VersionRecord
    after: int
    current: Challenge | None
    notes: list[str]


def admit_challenger(store: Store, environment: str, version: str, plan: SplitPlan | None = None) -> Contest:
    """Check a version, and that its bundle is whole. `plan`: of a split, None of a shadow.

    Raises CreditError with everything that stands against it.
    """
    record = require_version(store, version)
    live = read_current_entry(store, environment)
    newest = Challenges(store, environment).read_newest()
    current = newest if newest is not None and newest.is_begin else None
    if current is not None and _is_same(current, record, live, plan):
        return Contest(live, record, current.number, current, [])
    notes: list[str] = []
    problems = [*_list_objections(store, environment, live, record), *_list_misfits(store, live, record, notes)]
    if plan is not None:
        problems += _list_ended_splits(store, environment, record)
    if current is not None:
        found = f"{current.version} challenges already, since record {current.number}: {current.reason}"
        fix = f"release challenge --end --env {environment} --reason '...' comes first"
        problems.append(Problem(f"environment {environment}", found, fix=fix))
    raise_if_any(problems)
    load_stored_bundle(store, record)
    return Contest(live, record, newest.number if newest else 0, None, notes)


def _is_same(current: Challenge, record: VersionRecord, live: LedgerEntry, plan: SplitPlan | None) -> bool:
    """Tell whether the challenge that is on is the one that is asked for, and goes on."""
    if current.digest != record.digest or (current.plan is None) != (plan is None):
        return False
    if current.plan is None or plan is None:
        return True
    goes_on = current.entry == live.number and datetime.now(UTC) < current.plan.until
    is_alike = abs(current.plan.until - current.time - (plan.until - datetime.now(UTC))) < timedelta(minutes=1)
    return goes_on and is_alike and current.plan == plan.model_copy(update={"until": current.plan.until})


def _list_objections(store: Store, environment: str, live: LedgerEntry, record: VersionRecord) -> Iterator[Problem]:
    """List what stands against a version: that it decides already, was withdrawn, or was taken back by the watch."""
    where = f"{record.version} in {environment}"
    if live.kind == "fallback":
        found = f"the {FALLBACK_TARGET} decides, by entry {live.number}: {live.reason}"
        yield Problem(f"environment {environment}", found, "a version that could be challenged")
    elif live.digest == record.digest:
        yield Problem(where, f"it is the live version, by entry {live.number}", "another one than the champion")
    if parse_version(record.version) in list_withdrawn():
        yield Problem(where, "withdrawn, as its tags say", "a version that may be deployed one day")
    if action := Quarantine(Ledger(store, environment)).digests.get(record.digest):
        yield Problem(where, f"in quarantine, the watch took it back by entry {action.number}: {action.reason}")


def _list_ended_splits(store: Store, environment: str, record: VersionRecord) -> Iterator[Problem]:
    """List the splits of a version that the watch ended since people were treated unequally.

    A model that failed may be tried again: what it failed by may have been the machine.
    """
    for one in Challenges(store, environment).read_all():
        is_action = one.actor == WATCH_ACTOR and one.reason.startswith(UNEQUAL_REASON)
        if not one.is_begin and is_action and one.digest == record.digest:
            found = f"the watch ended its split, by record {one.number} of the challenges: {one.reason}"
            yield Problem(f"{record.version} in {environment}", found, "a version that was not", "--shadow may try it")


def _list_misfits(store: Store, live: LedgerEntry, record: VersionRecord, notes: list[str]) -> Iterator[Problem]:
    """List what clients of the live version send that the challenger cannot score; note what it does without."""
    if live.digest == record.digest:
        return
    live_fields, its_fields = (read_stored_fields(store, one.digest) for one in (live, record))
    effects = compare_clients(live_fields, its_fields)
    for said in (*effects.referred, *effects.ruled):
        found = f"its model could not score what clients of {live.version} send: what comes {said}"
        fix = "clients have to send what it needs first, as before a deployment"
        yield Problem(f"the contract of {record.version}", found, fix=fix)
    rest = effects._replace(referred=(), ruled=()).list_lines()
    notes += [f"of what clients of {live.version} send, {line}" for line in rest]


def find_ended(store: Store, environment: str) -> tuple[Challenge | None, int]:
    """Find the challenge that an end is the end of, and the number of the newest record, which may not be valid.

    None where that record, which nobody here can read, came after no challenge that was on. Raises CreditError when no
    challenge is on.
    """
    book = Challenges(store, environment)
    last, valid = book.find_last_number(), book.find_last_valid()
    if not last or (valid is not None and valid.number == last):
        return require_challenge(store, environment), last
    return (valid if valid is not None and valid.is_begin else None), last


def find_ended_split(store: Store, environment: str) -> tuple[Challenge, Challenge] | None:
    """Find the split that the newest record ended, and that record; None where it ended none that can be read.

    Raises CreditError when the newest record is not valid, or the store is away.
    """
    book = Challenges(store, environment)
    newest = book.read_newest()
    if newest is None or newest.is_begin or newest.number == 1:
        return None
    try:
        before = book.read(newest.number - 1)
    except StoreError:
        raise
    except CreditError:  # an end may leave a record behind that nobody here can read
        return None
    return (before, newest) if before.kind == "split" else None


def require_challenge(store: Store, environment: str) -> Challenge:
    """Return the challenge that is on. Raises CreditError when none is."""
    current = Challenges(store, environment).read_current()
    if current is None:
        fix = f"release challenge VERSION --env {environment} --shadow begins one"
        raise CreditError(Problem(f"environment {environment}", "no challenge", fix=fix))
    return current

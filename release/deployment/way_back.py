"""Find in a ledger what is live, and what a rollback returns to. An entry that is not valid stops none of it."""

from collections.abc import Collection
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import Version, parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord


class Head(NamedTuple):
    """The end of a ledger, read once: the number of its newest entry, valid or not, and the newest valid entry."""

    number: int
    last: LedgerEntry | None


def read_current_entry(store: Store, environment: str) -> LedgerEntry:
    """Read the entry that is live. Raises CreditError when none is, or it is not valid."""
    ledger = Ledger(store, environment)
    return require_entry(ledger, ledger.read_newest())


def require_entry(ledger: Ledger, last: LedgerEntry | None) -> LedgerEntry:
    """Return an entry of a ledger. Raises CreditError when there is none."""
    if last is None:
        raise CreditError(
            Problem(
                f"environment {ledger.environment} in {ledger.store.url}",
                "nothing was ever deployed",
                fix="release deploy VERSION puts a version there; is RELEASE_STORE right?",
            )
        )
    return last


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


def read_head(ledger: Ledger) -> Head:
    """Read the end of a ledger. Entries that are not valid are passed over."""
    number = 0
    for one in ledger.iterate_numbers():
        number = number or one
        try:
            return Head(number, ledger.read_entry(one))
        except CreditError:
            continue
    return Head(number, None)


def find_standing_entry(ledger: Ledger, last: LedgerEntry, record: VersionRecord) -> LedgerEntry | None:
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

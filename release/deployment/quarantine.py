"""Quarantine: a version that the watch took back is deployed again only with a reason to do so despite it."""

from contextlib import suppress
from datetime import datetime, timedelta

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import WATCH_ACTOR, Ledger, LedgerEntry
from credit.registry.store import StoreError
from credit.registry.versions import VersionRecord

UNEQUAL_REASON, FAILING_REASON = "unequal treatment by ", "failing model of "
"""The reason of an entry of the watch begins by one of them. A person could once write by its name, and gave reasons
of their own."""


def is_action(entry: LedgerEntry) -> bool:
    """Tell whether an entry is the watch's, which took a version back."""
    return (
        entry.actor == WATCH_ACTOR
        and entry.kind != "deploy"
        and entry.reason.startswith((UNEQUAL_REASON, FAILING_REASON))
    )


class Quarantine:
    """The versions of an environment that the watch took back, by digest, each with the entry that did it.

    Raises StoreError when the store does not answer: whether a version is in quarantine is not known then.
    """

    def __init__(self, ledger: Ledger) -> None:
        entries = {one.number: one for one in _read_valid_entries(ledger)}
        self.actions = [one for one in entries.values() if is_action(one)]
        self.digests: dict[str, LedgerEntry] = {}
        self.versions: dict[str, LedgerEntry] = {}
        for action in sorted(self.actions, key=lambda one: one.number):
            if before := entries.get(action.number - 1):
                self.digests[before.digest] = self.versions[before.version] = action

    def find_recent_action(self, now: datetime, days: float) -> LedgerEntry | None:
        """Find the newest entry of the watch in the last days."""
        recent = [one for one in self.actions if now - one.time < timedelta(days=days)]
        return max(recent, key=lambda one: one.number, default=None)


class LastAction:
    """When a watch last took a version back in an environment, by the ledger, which every watch and restart reads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._number = ledger, 0
        self._time: datetime | None = None

    def find(self) -> datetime | None:
        """Find it, reading each entry once; None: never. While the store does not answer it is as it was.

        An entry that cannot be read now, or that a newer one pushed out of those asked for, is read the next time.
        """
        with suppress(CreditError):
            last = self._ledger.find_last_number()
            if last > self._number:
                read = self._ledger.read_entries_or_errors(last - self._number)
                new = [one for one in read if isinstance(one, LedgerEntry)]
                self._time = next((one.time for one in new if is_action(one)), self._time)
                if not any(isinstance(one, StoreError) for one in read) and all(one.number <= last for one in new):
                    self._number = last
        return self._time


def _read_valid_entries(ledger: Ledger, limit: int = 0) -> list[LedgerEntry]:
    """Read the newest `limit` entries, all when 0, without those that are damaged. Raises StoreError."""
    read = ledger.read_entries_or_errors(limit)
    for one in read:
        if isinstance(one, StoreError):
            raise one
    return [one for one in read if isinstance(one, LedgerEntry)]


def _find_action(ledger: Ledger, digest: str) -> LedgerEntry | None:
    """Find the entry by which the watch took a bundle back. Raises CreditError where one that is unread may be that.

    An entry that does not answer stops nobody whose bundle the one before it did not have.
    """
    last = ledger.find_last_number()
    read = dict(zip(range(last, 0, -1), ledger.read_entries_or_errors(last), strict=False))
    entries = {number: one for number, one in read.items() if isinstance(one, LedgerEntry)}
    actions = [one for one in entries.values() if is_action(one)]
    known = [one for one in actions if (of := entries.get(one.number - 1)) and of.digest == digest]
    if known:
        return max(known, key=lambda one: one.number)
    unread = {number: one for number, one in read.items() if isinstance(one, StoreError)}
    for number, error in unread.items():
        before, after = entries.get(number - 1), entries.get(number + 1)
        may_be_action = number - 1 in unread or (before is not None and before.digest == digest)
        may_be_taken_back = after is not None and is_action(after)
        if may_be_action or may_be_taken_back:
            found = f"does not answer ({error.problems[0].found}), and may say that the watch took this version back"
            fix = "let the store give that object, or move it away if it is lost; release rollback --to VERSION works"
            raise CreditError(Problem(ledger.build_url(number), found, fix=fix))
    return None


def check_quarantine(ledger: Ledger, record: VersionRecord, despite: str | None) -> str | None:
    """Check that a version may be deployed. Returns the words for the entry's reason; None without a quarantine.

    Raises CreditError for a version in quarantine without a reason, and for a reason without a quarantine.
    """
    action = _find_action(ledger, record.digest)
    where = f"{record.version} in {ledger.environment}"
    if action is None:
        if despite is not None:
            raise CreditError(Problem(f"--despite: {where}", "no quarantine", fix="leave it out"))
        return None
    if despite is None:
        found = f"in quarantine, the watch took it back by entry {action.number}: {action.reason}"
        fix = "release deploy with --despite REASON, once it is known what is different now"
        raise CreditError(Problem(where, found, fix=fix))
    return f"despite entry {action.number} of the watch: {despite}"

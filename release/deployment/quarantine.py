"""Quarantine: a version that the watch took back is deployed again only with a reason to do so despite it."""

from datetime import datetime, timedelta

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.versions import VersionRecord

WATCH_ACTOR = "watch"
"""The actor of entries that nobody made: the watch took a version back."""


class Quarantine:
    """The versions of an environment that the watch took back, by digest, each with the entry that did it."""

    def __init__(self, ledger: Ledger) -> None:
        entries = {one.number: one for one in ledger.read_entries_or_errors() if isinstance(one, LedgerEntry)}
        self.actions = [one for one in entries.values() if one.actor == WATCH_ACTOR]
        self.digests: dict[str, LedgerEntry] = {}
        self.versions: dict[str, LedgerEntry] = {}
        for action in sorted(self.actions, key=lambda one: one.number):
            if before := entries.get(action.number - 1):
                self.digests[before.digest] = self.versions[before.version] = action

    def find_recent_action(self, now: datetime, days: float) -> LedgerEntry | None:
        """Find the newest entry of the watch in the last days."""
        recent = [one for one in self.actions if now - one.time < timedelta(days=days)]
        return max(recent, key=lambda one: one.number, default=None)


def check_quarantine(ledger: Ledger, record: VersionRecord, despite: str | None) -> str | None:
    """Check that a version may be deployed. Returns the words for the entry's reason; None without a quarantine.

    Raises CreditError for a version in quarantine without a reason, and for a reason without a quarantine.
    """
    action = Quarantine(ledger).digests.get(record.digest)
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

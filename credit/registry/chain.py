"""Check that a ledger is whole: every entry where it was put, and each the one that its witnesses saw.

The witnesses of an entry are the one after it, which carries its hash, and its checkpoint, whose name has it. Entries
of before there were hashes have neither, and are accepted below the first one that has.
"""

from collections.abc import Iterator

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.ledger import Ledger, LedgerEntry

RESTORE_FIX = "restore it from the bucket's own history or from a backup; what decides is unchanged until then"


def check_chain(ledger: Ledger) -> list[Problem]:
    """Check every entry of a ledger; one problem for each that was changed, taken out or put beside."""
    last, checkpoints = ledger.find_last_number(), ledger.list_checkpoints()
    numbers = list(range(1, max([last, *checkpoints]) + 1))
    hashes = dict(zip(numbers, run_in_threads(ledger.hash_entry, numbers), strict=True))
    entries = [one for one in ledger.read_entries_or_errors() if isinstance(one, LedgerEntry)]
    previous = {entry.number - 1: entry.previous for entry in entries if entry.previous}
    problems = [
        Problem(ledger.build_url(number), found, fix=RESTORE_FIX)
        for number in numbers
        if (found := _describe_damage(hashes[number], previous.get(number), checkpoints.get(number, set())))
    ]
    return problems + list(_find_unchained(ledger, entries))


def _describe_damage(found: str | None, previous: str | None, checkpoints: set[str]) -> str:
    """Describe how an entry, by its hash, differs from what its witnesses saw; nothing when it does not."""
    if found is None:
        return "is gone, and was there when its checkpoint was written" if checkpoints else "is gone"
    if previous not in (None, found):
        return "was changed since the entry after it was written"
    if checkpoints and found not in checkpoints:
        return "was changed since it was written: its checkpoint has another hash"
    if len(checkpoints) > 1:
        return "was written twice: two checkpoints have different hashes"
    return ""


def _find_unchained(ledger: Ledger, entries: list[LedgerEntry]) -> Iterator[Problem]:
    """Find the entries without the hash of the one before that come after entries which have it."""
    first = min((entry.number for entry in entries if entry.previous), default=None)
    for entry in entries:
        if first is not None and entry.number > first and entry.previous is None:
            found = f"carries no hash of the entry before it, which those since entry {first} do"
            fix = "older code wrote it, or somebody by hand: see release history for who"
            yield Problem(ledger.build_url(entry.number), found, fix=fix)


def require_whole(ledger: Ledger) -> None:
    """Raise CreditError with every problem of a ledger that is not whole."""
    if problems := check_chain(ledger):
        raise CreditError(problems)

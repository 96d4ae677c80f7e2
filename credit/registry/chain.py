"""Check that a ledger is whole: every entry where it was put, and each the one that its witnesses saw.

The witnesses of an entry are the one after it, which carries its hash, and its checkpoint, whose name has it. Of
two that do not fit, the one that does not equal its checkpoint is named. Entries of before there were hashes have
neither, and are accepted below the first one that has.
"""

from collections.abc import Iterator
from typing import NamedTuple

from credit.common.errors import Problem
from credit.common.parallel import run_in_threads
from credit.registry.ledger import Ledger, LedgerEntry

RESTORE_FIX = "restore it from the bucket's own history or from a backup; what decides is unchanged until then"
_STRAY = "lies behind a folder that is missing, so it does not count: that one was lost, or this one put there by hand"
_STRAY_FIX = "restore the missing folder from the bucket's own history; only if there never was one, remove this one"
_HAND_FIX = "release history says in whose name it is; release rollback --to VERSION leaves it behind"


class LedgerReport(NamedTuple):
    """A ledger that was examined. `notes`: lines about entries that nothing contradicts and not all witness."""

    problems: list[Problem]
    notes: list[str]


class _Chain(NamedTuple):
    """A ledger by number of entry. `hashes`: None where it is gone; `carried`: what the next one says is its hash."""

    hashes: dict[int, str | None]
    carried: dict[int, str]
    checkpoints: dict[int, set[str]]


def check_chain(ledger: Ledger) -> list[Problem]:
    """Check every entry of a ledger; one problem for each that was changed, taken out or put beside."""
    return examine_chain(ledger).problems


def examine_chain(ledger: Ledger) -> LedgerReport:
    """Examine every entry of a ledger; notes name those that are without a checkpoint."""
    last, checkpoints = ledger.find_last_number(), ledger.list_checkpoints()
    numbers = list(range(1, max([last, *checkpoints]) + 1))
    hashes = dict(zip(numbers, run_in_threads(ledger.hash_entry, numbers), strict=True))
    entries = [one for one in ledger.read_entries_or_errors() if isinstance(one, LedgerEntry)]
    chain = _Chain(hashes, {one.number - 1: one.previous for one in entries if one.previous}, checkpoints)
    problems = [
        Problem(f"{ledger.store.url}/environments/{ledger.environment}/{name}", _STRAY, fix=_STRAY_FIX)
        for name in ledger.list_stray_blocks()
    ]
    for number in numbers:
        if damage := _describe_damage(chain, number):
            problems.append(Problem(ledger.build_url(number), damage, fix=RESTORE_FIX))
        elif misfit := _describe_misfit(chain, number):
            problems.append(Problem(ledger.build_url(number), misfit, fix=_HAND_FIX))
    return LedgerReport(problems + list(_find_unchained(ledger, entries)), _note_unwitnessed(chain))


def _describe_damage(chain: _Chain, number: int) -> str:
    """Describe how an entry differs from what its witnesses saw; nothing when it does not.

    The hash in the entry after it counts where there is no checkpoint; else `_describe_misfit` compares these two.
    """
    found, checkpoints = chain.hashes[number], chain.checkpoints.get(number, set())
    if found is None:
        return "is gone, and was there when its checkpoint was written" if checkpoints else "is gone"
    if checkpoints and found not in checkpoints:
        return "was changed since it was written: its checkpoint has another hash"
    if len(checkpoints) > 1:
        return "was written twice: two checkpoints have different hashes"
    if checkpoints or chain.carried.get(number) in (None, found):
        return ""
    after = f"entry {number + 1}"
    if chain.hashes[number + 1] in chain.checkpoints.get(number + 1, set()):
        return f"was changed since {after} was written after it"
    return f"was changed since {after} was written, or {after} was put there by hand: neither has a checkpoint"


def _describe_misfit(chain: _Chain, number: int) -> str:
    """Describe how an entry contradicts the one before it and its checkpoint; nothing when it does not.

    One that was written after a changed entry carries the hash of the change, and is not to blame for it.
    """
    carried, witnessed = chain.carried.get(number - 1), chain.checkpoints.get(number - 1, set())
    if carried is None or not witnessed or carried in {*witnessed, chain.hashes[number - 1]}:
        return ""
    before = f"entry {number - 1}"
    if chain.hashes[number] in chain.checkpoints.get(number, set()):
        return f"does not follow {before}, though each equals its checkpoint: one was put there by hand"
    return f"was not written after {before}: it carries a hash that is not the one of its checkpoint"


def _note_unwitnessed(chain: _Chain) -> list[str]:
    """Note which entries have no checkpoint since there are any; older code wrote none."""
    first = min([*chain.checkpoints, *chain.carried], default=0)
    bare = [one for one, found in chain.hashes.items() if found and one >= first and one not in chain.checkpoints]
    if not bare or not first:
        return []
    shown = ", ".join(map(str, bare[:10])) + (f" and {len(bare) - 10} more" if len(bare) > 10 else "")
    which = f"entry {shown} has" if len(bare) == 1 else f"entries {shown} have"
    wrote, put = ("wrote it", "put it") if len(bare) == 1 else ("wrote them", "put them")
    return [f"{which} no checkpoint: the command that {wrote} was killed, or somebody {put} there by hand"]


def _find_unchained(ledger: Ledger, entries: list[LedgerEntry]) -> Iterator[Problem]:
    """Find the entries without the hash of the one before that come after entries which have it."""
    first = min((entry.number for entry in entries if entry.previous), default=None)
    for entry in entries:
        if first is not None and entry.number > first and entry.previous is None:
            found = f"carries no hash of the entry before it, which those since entry {first} do"
            fix = "older code wrote it, or somebody by hand: see release history for who"
            yield Problem(ledger.build_url(entry.number), found, fix=fix)

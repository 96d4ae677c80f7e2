"""What deploy and rollback share: carry a change out and tell of it."""

import argparse

from credit.errors import CreditError
from credit.registry.ledger import Entry
from credit.registry.store import Store
from release import after, live
from release.answer import Answer
from release.live import Change


def would(change: Change) -> Answer:
    """What a change would do."""
    content = after.told(change.environment, change.entry, change.before) | {"dry_run": True}
    if change.entry is None:
        return Answer(content, _nothing(change))
    return Answer(content, f"would {change.entry.kind}: {change.environment} {_from_to(change.entry, change.before)}")


def carry_out(store: Store, change: Change, args: argparse.Namespace) -> Answer:
    """Verify, write the ledger, wait for the services, tag. What was begun before and killed is completed."""
    made = live.apply(store, change)
    entry = made or change.holds
    late = after.late_services(entry, args.wait)
    if late and made is not None and args.command == "deploy":
        return _put_back(store, change, made, late, args)
    tagged = after.tag_of(change.environment, entry, args.push)
    content = after.told(change.environment, made, change.before)
    content |= {"live": entry.version, "decides": after.who_decides(entry), "tag": tagged.tag, "services_late": late}
    lines = [_nothing(change)] if made is None else [f"{change.environment}: {_from_to(made, change.before)}"]
    if made is not None:
        lines += [f"why:   {made.reason} ({made.actor}, entry {made.number})"]
    lines += [tagged.note]
    lines += [f"late:  {said}; it follows the ledger by itself once it can read it" for said in late]
    if made is not None:
        lines += [f"undo:  {_undo(change)}"]
    lines += [f"next:  release status --env {change.environment}"]
    return Answer(content, "\n".join(lines), 1 if late else 0)


def _put_back(store: Store, change: Change, made: Entry, late: list[str], args: argparse.Namespace) -> Answer:
    """A deploy that the services did not take up is undone, and told as what it is: a failure."""
    reason = f"{made.version} was not taken up within {args.wait:g} seconds"
    back, why_not = None, []
    try:
        back = live.put_back(store, change.environment, made, change.before, live.Why(reason, made.actor))
    except CreditError as error:
        why_not = [str(problem) for problem in error.problems]
    holds = back or live.current(store, change.environment)
    tagged = after.tag_of(change.environment, holds, args.push)
    content = after.told(change.environment, made, change.before)
    content |= {"put_back": back is not None, "live": holds.version, "tag": tagged.tag, "services_late": late}
    content |= {"problems": why_not}
    stands = "and could not be put back" if why_not else "and is not live"
    lines = [
        f"{change.environment}: {made.version} was not taken up {stands}",
        *(f"late:  {said}" for said in late),
        *(f"error: {said}" for said in why_not),
    ]
    lines += [f"live:  {after.who_decides(holds)} (entry {holds.number})", tagged.note]
    rule = f"release rollback --env {change.environment} --to rule --reason '...'"
    lines += [f"next:  {rule if why_not else f'release history --env {change.environment}'}"]
    return Answer(content, "\n".join(lines), 1)


def _from_to(entry: Entry, before: Entry | None) -> str:
    was = after.who_decides(before) if before else "nothing"
    return f"{was} -> {after.who_decides(entry)}"


def _nothing(change: Change) -> str:
    return f"{change.environment}: {after.who_decides(change.holds)} is live already, nothing to do"


def _undo(change: Change) -> str:
    before, environment = change.before, change.environment
    if before is None or before.kind == "fallback":
        return f"release rollback --env {environment} --to rule --reason '...'"
    return f"release rollback --env {environment} --to {before.version} --reason '...'"

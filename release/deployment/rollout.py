"""What follows an entry in the ledger: the services take it up, and git gets its tag."""

import argparse
from typing import Any, NamedTuple

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.registry.ledger import Entry
from credit.registry.names import UNREGISTERED
from credit.registry.store import Store
from release.deployment import plan, service_client
from release.deployment.plan import RULE, Change
from release.repository import tags
from release.repository.git import in_repository


class Tagged(NamedTuple):
    """The tag of an entry, or why there is none yet."""

    tag: str | None
    pushed: bool
    note: str


def tag_of(environment: str, entry: Entry, push: bool) -> Tagged:
    """Tag what is live, if git is within reach. What is live does not depend on it."""
    if not has_tag(entry):
        why = "the version stays" if entry.kind == "fallback" else f"{entry.version} is not a registered version"
        return Tagged(None, False, f"git:   no tag, {why}")
    if not in_repository():
        return Tagged(None, False, "git:   no repository here; release sync tags it from one that has the tags")
    name = None
    try:
        name = tags.assign(environment, entry)
        if push:
            tags.push(name)
    except CreditError as error:
        did = f"tagged {name} here only" if name else "not tagged"
        return Tagged(name, False, f"git:   {did} ({error}); release sync --push does it when git is back")
    where = "pushed" if push else "here only; git push origin --tags"
    return Tagged(name, push, f"git:   {name}, {where}")


def has_tag(entry: Entry) -> bool:
    """Whether git says of an entry what it put where."""
    return entry.kind != "fallback" and entry.version != UNREGISTERED


def late_services(entry: Entry, seconds: float) -> list[str]:
    """The services that did not take up an entry in time; none when no service is configured.

    A configuration that is wrong is told like a service that is late: the entry is made, and must not go untold.
    """
    try:
        urls = service_client.addresses()
    except CreditError as error:
        return [str(error)]
    return service_client.wait_for(entry, urls, seconds) if urls else []


def who_decides(entry: Entry) -> str:
    """The version, or the rule beside it."""
    return f"the {RULE} of {entry.version}" if entry.kind == "fallback" else entry.version


def told(environment: str, entry: Entry | None, before: Entry | None) -> dict[str, Any]:
    """For --json."""
    return {
        "environment": environment,
        "entry": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "before": before.model_dump(mode="json", exclude_none=True) if before else None,
    }


def would(change: Change) -> Answer:
    """What a change would do."""
    content = told(change.environment, change.entry, change.before) | {"dry_run": True}
    if change.entry is None:
        return Answer(content, _nothing(change))
    return Answer(content, f"would {change.entry.kind}: {change.environment} {_from_to(change.entry, change.before)}")


def carry_out(store: Store, change: Change, args: argparse.Namespace) -> Answer:
    """Verify, write the ledger, wait for the services, tag. What was begun before and killed is completed."""
    made = plan.apply(store, change)
    entry = made or change.holds
    late = late_services(entry, args.wait)
    if late and made is not None and args.command == "deploy":
        return _put_back(store, change, made, late, args)
    tagged = tag_of(change.environment, entry, args.push)
    content = told(change.environment, made, change.before)
    content |= {"live": entry.version, "decides": who_decides(entry), "tag": tagged.tag, "services_late": late}
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
        back = plan.put_back(store, change.environment, made, change.before, plan.Why(reason, made.actor))
    except CreditError as error:
        why_not = [str(problem) for problem in error.problems]
    holds = back or plan.current(store, change.environment)
    tagged = tag_of(change.environment, holds, args.push)
    content = told(change.environment, made, change.before)
    content |= {"put_back": back is not None, "live": holds.version, "tag": tagged.tag, "services_late": late}
    content |= {"problems": why_not}
    stands = "and could not be put back" if why_not else "and is not live"
    lines = [
        f"{change.environment}: {made.version} was not taken up {stands}",
        *(f"late:  {said}" for said in late),
        *(f"error: {said}" for said in why_not),
    ]
    lines += [f"live:  {who_decides(holds)} (entry {holds.number})", tagged.note]
    rule = f"release rollback --env {change.environment} --to rule --reason '...'"
    lines += [f"next:  {rule if why_not else f'release history --env {change.environment}'}"]
    return Answer(content, "\n".join(lines), 1)


def _from_to(entry: Entry, before: Entry | None) -> str:
    was = who_decides(before) if before else "nothing"
    return f"{was} -> {who_decides(entry)}"


def _nothing(change: Change) -> str:
    return f"{change.environment}: {who_decides(change.holds)} is live already, nothing to do"


def _undo(change: Change) -> str:
    before, environment = change.before, change.environment
    if before is None or before.kind == "fallback":
        return f"release rollback --env {environment} --to rule --reason '...'"
    return f"release rollback --env {environment} --to {before.version} --reason '...'"

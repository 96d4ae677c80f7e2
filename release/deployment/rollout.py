"""What follows an entry in the ledger: the services take it up, and git gets its tag."""

from typing import Any, NamedTuple

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.registry.ledger import LedgerEntry
from credit.registry.names import UNREGISTERED
from credit.registry.store import Store
from release.deployment import plan, service_client
from release.deployment.plan import FALLBACK_TARGET, Change
from release.repository import tags
from release.repository.git import is_in_repository


class TagResult(NamedTuple):
    """The tag of an entry, or why there is none yet."""

    tag: str | None
    pushed: bool
    note: str


def tag_entry(environment: str, entry: LedgerEntry, push: bool) -> TagResult:
    """Tag what is live, if git is within reach. What is live does not depend on it."""
    if not is_taggable(entry):
        why = "the version stays" if entry.kind == "fallback" else f"{entry.version} is not a registered version"
        return TagResult(None, False, f"git:   no tag, {why}")
    if not is_in_repository():
        return TagResult(None, False, "git:   no repository here; release sync tags it from one that has the tags")
    name = None
    try:
        name = tags.assign_version(environment, entry)
        if push:
            tags.push_tag(name)
    except CreditError as error:
        did = f"tagged {name} here only" if name else "not tagged"
        return TagResult(name, False, f"git:   {did} ({error}); release sync --push does it when git is back")
    where = "pushed" if push else "here only; git push origin --tags"
    return TagResult(name, push, f"git:   {name}, {where}")


def is_taggable(entry: LedgerEntry) -> bool:
    """Whether git says of an entry what it put where."""
    return entry.kind != "fallback" and entry.version != UNREGISTERED


def wait_for_services(entry: LedgerEntry, seconds: float) -> list[str]:
    """The services that did not take up an entry in time; none when no service is configured.

    A configuration that is wrong is told like a service that is late: the entry is made, and must not go untold.
    """
    try:
        urls = service_client.read_addresses()
    except CreditError as error:
        return [str(error)]
    return service_client.wait_for_entry(entry, urls, seconds) if urls else []


def describe_decider(entry: LedgerEntry) -> str:
    """The version, or the rule beside it."""
    return f"the {FALLBACK_TARGET} of {entry.version}" if entry.kind == "fallback" else entry.version


def dump_change(environment: str, entry: LedgerEntry | None, before: LedgerEntry | None) -> dict[str, Any]:
    """For --json."""
    return {
        "environment": environment,
        "entry": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "before": before.model_dump(mode="json", exclude_none=True) if before else None,
    }


def describe_change(change: Change) -> Answer:
    """What a change would do."""
    content = dump_change(change.environment, change.entry, change.before) | {"dry_run": True}
    if change.entry is None:
        return Answer(content, _describe_no_change(change))
    return Answer(
        content, f"would {change.entry.kind}: {change.environment} {_describe_transition(change.entry, change.before)}"
    )


def roll_out(store: Store, change: Change, wait: float, push: bool, revert: bool) -> Answer:
    """Verify, write the ledger, wait for the services, tag. What was begun before and killed is completed.

    `wait`: seconds that the services may take; `revert`: undo the change when one of them does not take it up.
    """
    made = plan.apply_change(store, change)
    entry = made or change.resulting_entry
    late = wait_for_services(entry, wait)
    if late and made is not None and revert:
        return _revert_rollout(store, change, made, late, wait, push)
    tagged = tag_entry(change.environment, entry, push)
    content = dump_change(change.environment, made, change.before)
    content |= {"live": entry.version, "decides": describe_decider(entry), "tag": tagged.tag, "services_late": late}
    lines = (
        [_describe_no_change(change)]
        if made is None
        else [f"{change.environment}: {_describe_transition(made, change.before)}"]
    )
    if made is not None:
        lines += [f"why:   {made.reason} ({made.actor}, entry {made.number})"]
    lines += [tagged.note]
    lines += [f"late:  {said}; it follows the ledger by itself once it can read it" for said in late]
    if made is not None:
        lines += [f"undo:  {_suggest_undo(change)}"]
    lines += [f"next:  release status --env {change.environment}"]
    return Answer(content, "\n".join(lines), 1 if late else 0)


def _revert_rollout(
    store: Store, change: Change, made: LedgerEntry, late: list[str], wait: float, push: bool
) -> Answer:
    """A deploy that the services did not take up is undone, and told as what it is: a failure."""
    reason = f"{made.version} was not taken up within {wait:g} seconds"
    back, why_not = None, []
    try:
        back = plan.revert_change(store, change.environment, made, change.before, plan.Attribution(reason, made.actor))
    except CreditError as error:
        why_not = [str(problem) for problem in error.problems]
    holds = back or plan.read_current_entry(store, change.environment)
    tagged = tag_entry(change.environment, holds, push)
    content = dump_change(change.environment, made, change.before)
    content |= {"put_back": back is not None, "live": holds.version, "tag": tagged.tag, "services_late": late}
    content |= {"problems": why_not}
    stands = "and could not be put back" if why_not else "and is not live"
    lines = [
        f"{change.environment}: {made.version} was not taken up {stands}",
        *(f"late:  {said}" for said in late),
        *(f"error: {said}" for said in why_not),
    ]
    lines += [f"live:  {describe_decider(holds)} (entry {holds.number})", tagged.note]
    rule = f"release rollback --env {change.environment} --to rule --reason '...'"
    lines += [f"next:  {rule if why_not else f'release history --env {change.environment}'}"]
    return Answer(content, "\n".join(lines), 1)


def _describe_transition(entry: LedgerEntry, before: LedgerEntry | None) -> str:
    was = describe_decider(before) if before else "nothing"
    return f"{was} -> {describe_decider(entry)}"


def _describe_no_change(change: Change) -> str:
    return f"{change.environment}: {describe_decider(change.resulting_entry)} is live already, nothing to do"


def _suggest_undo(change: Change) -> str:
    before, environment = change.before, change.environment
    if before is None or before.kind == "fallback":
        return f"release rollback --env {environment} --to rule --reason '...'"
    return f"release rollback --env {environment} --to {before.version} --reason '...'"

"""Make git and the ledger agree: tag the entries made without git, propose what tags made by hand ask for

A tag is not an order: what it asks for is proposed, and done with --apply only, after the checks of `release deploy`.
The ledger goes first. An entry that git does not know yet (a rollback while git was out of reach) is tagged now and so
gets the newest number; a tag by hand from before it is overtaken, instead of undoing the rollback. The kill switch has
no tag; a tag by hand from before it is overtaken by its time."""

from datetime import datetime
from typing import Any, NamedTuple

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.chain import LedgerReport
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS, Version
from credit.registry.records import remove_control_characters
from credit.registry.store import Store
from release.commands.options import RolloutCommand, add_after_rule, add_dry_run, add_push, add_wait
from release.deployment.apply import apply_change
from release.deployment.plan import (
    ANY,
    FALLBACK_TARGET,
    Attribution,
    Change,
    Condition,
    check_condition,
    describe_decider,
    plan_deployment,
    plan_fallback,
    plan_rollback_to,
)
from release.deployment.rollout import is_taggable, wait_for_services
from release.registration.admission import admit_version, publish_admitted
from release.repository import tags
from release.repository.git import find_actor
from release.repository.store_identity import identify_store, require_identity
from release.repository.tags import Event, find_live_event
from release.repository.witness import check_ledger


class SyncPlan(NamedTuple):
    """The differences between the ledger and the tags of one environment.

    `untagged`: entries without a tag, the oldest first. `overtaken`: tags by hand that the ledger has overtaken.
    `followed`: the newest one that it has not, and is to follow. `target`: the version that is current by the tags,
    None when all are withdrawn.
    """

    environment: str
    untagged: list[LedgerEntry]
    overtaken: list[Event]
    followed: Event | None
    target: Version | None


class SyncResult(NamedTuple):
    """The changes made for one environment; none in a dry run, in which each entry that would get a tag has "a tag".

    `failures`: the entries that get none, and why; `report`: on the ledger itself; `entry`: the one that follows a tag;
    `late`: services that do not decide by it yet.
    """

    plan: SyncPlan
    tagged: list[tuple[LedgerEntry, str]]
    failures: list[str]
    report: LedgerReport
    entry: LedgerEntry | None
    late: list[str]


def plan_sync(store: Store) -> list[SyncPlan]:
    """Find the differences in each environment."""
    registry = tags.read_registry()
    identity = identify_store(store, registry).id
    return [
        plan_environment(name, Ledger(store, name).read_entries(), registry.list_events(name), identity)
        for name in ENVIRONMENTS
    ]


def plan_environment(environment: str, entries: list[LedgerEntry], events: list[Event], store: str | None) -> SyncPlan:
    """Compare the ledger of an environment, newest first, with its tags, oldest first. `store`: its identity."""
    events = [event for event in events if event.entry_number is None or event.is_of(store)]
    untagged, manual = _find_untagged(entries, events), _find_manual_tags(entries, events)
    overtaken = [event for event in manual if untagged or _is_overtaken(event, entries)]
    remaining = [event for event in manual if event not in overtaken]
    live = find_live_event(events)
    return SyncPlan(
        environment, untagged, overtaken, remaining[-1] if remaining else None, live.version if live else None
    )


def _find_untagged(entries: list[LedgerEntry], events: list[Event]) -> list[LedgerEntry]:
    """Find the entries that can have a tag and are newer than all that have one or follow one; the oldest first."""
    tagged = {event.entry_number for event in events}
    last = max((entry.number for entry in entries if entry.tag or entry.number in tagged), default=0)
    return [entry for entry in reversed(entries) if entry.number > last and is_taggable(entry)]


def _find_manual_tags(entries: list[LedgerEntry], events: list[Event]) -> list[Event]:
    """Find the tags by hand of a version that are newer than all that an entry has or follows; the oldest first."""
    followed = {entry.tag for entry in entries}
    last = max(
        (event.number for event in events if event.entry_number is not None or event.tag.name in followed), default=0
    )
    return [event for event in events if event.number > last and event.version is not None]


def _is_overtaken(event: Event, entries: list[LedgerEntry]) -> bool:
    """Tell whether a tag by hand is no younger than the kill switch that is the newest entry."""
    newest = entries[0] if entries else None
    return newest is not None and newest.kind == "fallback" and datetime.fromisoformat(event.tag.time) <= newest.time


def follow_tags(store: Store, plan: SyncPlan, actor: str, when: Condition = ANY) -> Change | None:
    """Plan the change that makes an environment follow its tags, if any. Publishes the version if needed.

    Raises CreditError for a version that `release deploy` would refuse.
    """
    event = plan.followed
    if event is None:
        return None
    ledger = Ledger(store, plan.environment)
    reason = remove_control_characters(f"git tag {event.tag.name}: {event.tag.message.partition(chr(10))[0]}")
    by = Attribution(reason, remove_control_characters(event.tag.tagger) or actor)
    last = ledger.read_newest()
    if plan.target is None:
        return plan_fallback(ledger, by) if last else None
    check_condition(ledger, last, when)
    record = publish_admitted(store, admit_version(ledger, plan.target), actor)
    by = by._replace(tag=event.tag.name)
    return (plan_rollback_to if event.is_withdrawal and last else plan_deployment)(ledger, record, by, when)


EPILOG = """example:
  release sync --push
  release sync --apply    (after gto deprecate credit-model v1.2.0 prod, say)"""


@click.command(cls=RolloutCommand, help=__doc__, epilog=EPILOG)
@click.option("--no-fetch", is_flag=True, help="look at the tags that are here, without asking origin")
@click.option("--apply", "follows", is_flag=True, help="put live what tags made by hand ask for; else it is proposed")
@add_after_rule
@add_wait
@add_push
@add_dry_run
def run(no_fetch: bool, follows: bool, after_rule: bool, wait: float, push: bool, dry_run: bool) -> Answer:
    """Fetch the tags, tag entries, propose or follow what tags ask for, push."""
    if not no_fetch:
        tags.fetch_tags()
    store = open_store(make=follows and not dry_run)
    when = Condition(after_rule=after_rule) if follows and not dry_run else None
    results = [_sync_environment(store, plan, dry_run, when, wait) for plan in plan_sync(store)]
    pushed = tags.push_missing_tags() if push and not dry_run else None
    return _describe_results(results, pushed, dry_run)


def _sync_environment(store: Store, plan: SyncPlan, dry_run: bool, when: Condition | None, wait: float) -> SyncResult:
    """Tag entries, and follow tags where a condition is given; what keeps one environment back keeps no other."""
    report = check_ledger(Ledger(store, plan.environment))
    tagged, failures = _tag_entries(store, plan, dry_run)
    entry = None
    if when is not None:
        try:
            change = follow_tags(store, plan, find_actor(), when)
            entry = apply_change(store, change) if change else None
        except CreditError as error:
            failures += [f"{plan.environment}: not followed: {problem}" for problem in error.problems]
    return SyncResult(plan, tagged, failures, report, entry, wait_for_services(entry, wait) if entry else [])


def _tag_entries(store: Store, plan: SyncPlan, dry_run: bool) -> tuple[list[tuple[LedgerEntry, str]], list[str]]:
    """Tag the entries without a tag; return them with their tags, and why others get none, as a withdrawn version."""
    tagged, failures = [], []
    for entry in plan.untagged:
        try:
            require_identity(store)
            tagged.append((entry, "a tag" if dry_run else tags.assign_version(store, plan.environment, entry)))
        except CreditError as error:
            failures.append(f"{_name_entry(plan, entry)} gets no tag: {error}")
    return tagged, failures


def _describe_results(results: list[SyncResult], pushed: list[str] | None, dry_run: bool) -> Answer:
    """Describe the changes in every environment; exit code 1 for an entry without a tag or a late service."""
    late = [line for result in results for line in result.late]
    lines = [line for result in results for line in (*map(str, result.report.problems), *result.failures)]
    problems = [*dict.fromkeys(lines)]  # what is of the whole store is in the report of each environment
    notes = [f"{result.plan.environment}: {note}" for result in results for note in result.report.notes]
    content = {"environments": {one.plan.environment: _dump_result(one) for one in results}, "dry_run": dry_run}
    content |= ({} if pushed is None else {"pushed": pushed}) | {"problems": problems, "notes": notes}
    lines = [line for result in results for line in _format_result(result, dry_run)]
    lines += [f"pushed {name}" for name in pushed or ()]
    lines += [f"late:  {line}" for line in late] + [f"problem: {line}" for line in problems]
    lines = [*(lines or ["git and the ledger agree"]), *(f"note:  {line}" for line in notes)]
    return Answer(content, "\n".join(lines), 1 if late or problems else 0)


def _dump_result(result: SyncResult) -> dict[str, Any]:
    return {
        "tagged": [name for _, name in result.tagged],
        "followed": result.entry.model_dump(mode="json", exclude_none=True) if result.entry else None,
        "proposed": _propose(result.plan) if result.plan.followed and not result.entry else None,
        "overtaken": [event.tag.name for event in result.plan.overtaken],
    }


def _format_result(result: SyncResult, dry_run: bool) -> list[str]:
    plan = result.plan
    lines = [f"{_name_entry(plan, entry)} has {name}" for entry, name in result.tagged]
    lines += [f"{plan.environment}: {event.tag.name} is overtaken by the ledger" for event in plan.overtaken]
    if plan.followed and not result.entry and not result.failures:
        lines += [f"{plan.environment}: proposed: {_propose(plan)}"]
        lines += [] if dry_run else ["next:  release sync --apply, if that is what should be live"]
    if plan.followed and result.entry:
        lines += [f"{plan.environment}: {describe_decider(result.entry)}, as {plan.followed.tag.name} says"]
    return lines


def _propose(plan: SyncPlan) -> str:
    """Say what the newest tag made by hand asks for, and whose it is."""
    tag, target = (plan.followed.tag if plan.followed else None), plan.target or f"the {FALLBACK_TARGET}"
    return f"{target}, as {tag.name} of {tag.tagger} asks for" if tag else ""


def _name_entry(plan: SyncPlan, entry: LedgerEntry) -> str:
    return f"{plan.environment}: entry {entry.number} ({entry.kind}, {entry.version})"

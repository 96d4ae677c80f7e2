"""Make git and the ledger agree: tag the entries made without git, propose what tags made by hand ask for

A tag is not an order: what it asks for is proposed, and done with --apply only, after the checks of `release deploy`.
The ledger goes first. An entry that git does not know yet (a rollback while git was out of reach) is tagged now and so
gets the newest number; a tag by hand from before it is overtaken, instead of undoing the rollback. The kill switch has
no tag; a tag by hand from before it is overtaken by its time."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.chain import LedgerReport
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ARTIFACT
from credit.registry.records import remove_control_characters
from credit.registry.store import Store
from release.commands.options import RolloutCommand, add_rollout_options
from release.deployment.approval import find_approver, require_approval
from release.deployment.change import (
    ANY,
    FALLBACK_TARGET,
    Attribution,
    Change,
    Condition,
    check_condition,
)
from release.deployment.plan import plan_deployment, plan_fallback, plan_rollback_to
from release.deployment.quarantine import check_quarantine
from release.deployment.rollout import Rollout, roll_out
from release.deployment.service_client import read_addresses
from release.deployment.sync_plan import SyncPlan, plan_sync
from release.deployment.wording import describe_rollout
from release.registration.admission import admit_version, publish_admitted
from release.repository import tags
from release.repository.git import find_actor, require_person
from release.repository.store_identity import require_identity
from release.repository.witness import check_ledger


class SyncResult(NamedTuple):
    """The changes made for one environment; none in a dry run, in which each entry that would get a tag has "a tag".

    `failures`: the entries that get none, and why; `report`: on the ledger itself; `rollout`: what followed a
    tag, None without.
    """

    plan: SyncPlan
    tagged: list[tuple[LedgerEntry, str]]
    failures: list[str]
    report: LedgerReport
    rollout: Rollout | None


def follow_tags(store: Store, plan: SyncPlan, actor: str, when: Condition = ANY) -> Change | None:
    """Plan the change that makes an environment follow its tags, if any. Publishes the version if needed.

    Raises CreditError for what `release deploy` would refuse: a version, or that nobody else approved it.
    """
    event = plan.followed
    if event is None:
        return None
    ledger = Ledger(store, plan.environment)
    reason = remove_control_characters(f"git tag {event.tag.name}: {event.tag.message.partition(chr(10))[0]}")
    tagger = require_person(remove_control_characters(event.tag.tagger), f"git tag {event.tag.name}: its tagger")
    by = Attribution(reason, tagger or actor)
    last = ledger.read_newest()
    if plan.target is None:
        return plan_fallback(ledger, by) if last else None
    check_condition(ledger, last, when)
    admission = admit_version(ledger, plan.target)
    record = publish_admitted(store, admission, actor)
    if not event.is_withdrawal:
        check_quarantine(ledger, record, despite=None)
    by = by._replace(tag=event.tag.name, approver=find_approver())
    change = (plan_rollback_to if event.is_withdrawal and last else plan_deployment)(ledger, record, by, when)
    require_approval(change)
    return change._replace(notes=(*change.notes, admission.note))


EPILOG = f"""example:
  release sync --push
  release sync --apply    (after gto deprecate {ARTIFACT} v1.2.0 prod, say)"""


@click.command(cls=RolloutCommand, help=__doc__, epilog=EPILOG)
@click.option("--no-fetch", is_flag=True, help="look at the tags that are here, without asking origin")
@click.option("--apply", "follows", is_flag=True, help="put live what tags made by hand ask for; else it is proposed")
@add_rollout_options
def run(no_fetch: bool, follows: bool, after_rule: bool, wait: float, push: bool, dry_run: bool) -> Answer:
    """Fetch the tags, tag entries, propose or follow what tags ask for, push."""
    if not no_fetch:
        tags.fetch_tags()
    store = open_store(make=follows and not dry_run)
    follow = partial(_follow, store, Condition(after_rule=after_rule), wait, push) if follows and not dry_run else None
    results = [_sync_environment(store, plan, dry_run, follow) for plan in plan_sync(store)]
    pushed = tags.push_missing_tags() if push and not dry_run else None
    return _describe_results(results, pushed, dry_run)


def _follow(store: Store, when: Condition, wait: float, push: bool, plan: SyncPlan) -> Rollout | None:
    """Roll out what the tags ask for, as `deploy` and `rollback` do: with the services, the webhook and a tag."""
    read_addresses()  # before any change: with a wrong address there is no waiting
    change = follow_tags(store, plan, find_actor(), when)
    return roll_out(store, change, wait, push, revert=change.is_deployment) if change else None


def _sync_environment(
    store: Store, plan: SyncPlan, dry_run: bool, follow: Callable[[SyncPlan], Rollout | None] | None
) -> SyncResult:
    """Tag entries, and follow tags where that is asked for; what keeps one environment back keeps no other."""
    report = check_ledger(Ledger(store, plan.environment))
    tagged, failures = _tag_entries(store, plan, dry_run)
    rollout = None
    if follow is not None:
        try:
            rollout = follow(plan)
        except CreditError as error:
            failures += [f"{plan.environment}: not followed: {problem}" for problem in error.problems]
    return SyncResult(plan, tagged, failures, report, rollout)


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
    found = [line for result in results for line in (*map(str, result.report.problems), *result.failures)]
    problems = [*dict.fromkeys(found)]  # what is of the whole store is in the report of each environment
    notes = [f"{result.plan.environment}: {note}" for result in results for note in result.report.notes]
    content = {"environments": {one.plan.environment: _dump_result(one) for one in results}, "dry_run": dry_run}
    content |= ({} if pushed is None else {"pushed": pushed}) | {"problems": problems, "notes": notes}
    lines = [line for result in results for line in _format_result(result, dry_run)]
    lines += [f"pushed {name}" for name in pushed or ()]
    lines += [f"problem: {line}" for line in problems]
    lines = [*(lines or ["git and the ledger agree"]), *(f"note:  {line}" for line in notes)]
    is_late = any(result.rollout and result.rollout.late for result in results)
    return Answer(content, "\n".join(lines), 1 if is_late or problems else 0)


def _dump_result(result: SyncResult) -> dict[str, Any]:
    entry = result.rollout.entry if result.rollout else None
    return {
        "tagged": [name for _, name in result.tagged],
        "followed": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "rollout": describe_rollout(result.rollout).content if result.rollout else None,
        "proposed": _propose(result.plan) if result.plan.followed and not result.rollout else None,
        "overtaken": [event.tag.name for event in result.plan.overtaken],
    }


def _format_result(result: SyncResult, dry_run: bool) -> list[str]:
    plan = result.plan
    lines = [f"{_name_entry(plan, entry)} has {name}" for entry, name in result.tagged]
    lines += [f"{plan.environment}: {event.tag.name} is overtaken by the ledger" for event in plan.overtaken]
    if plan.followed and not result.rollout and not result.failures:
        lines += [f"{plan.environment}: proposed: {_propose(plan)}"]
        lines += [] if dry_run else ["next:  release sync --apply, if that is what should be live"]
    if result.rollout:
        lines += describe_rollout(result.rollout).text.splitlines()
    return lines


def _propose(plan: SyncPlan) -> str:
    """Say what the newest tag made by hand asks for, and whose it is."""
    tag, target = (plan.followed.tag if plan.followed else None), plan.target or f"the {FALLBACK_TARGET}"
    return f"{target}, as {tag.name} of {tag.tagger} asks for" if tag else ""


def _name_entry(plan: SyncPlan, entry: LedgerEntry) -> str:
    return f"{plan.environment}: entry {entry.number} ({entry.kind}, {entry.version})"

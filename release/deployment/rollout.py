"""Roll a planned change out: check, write the ledger entry, wait for the services, tag the commit, push the tag.

Who waits for news of a rollback is notified meanwhile.

`plan` decides the change before it, `wording` describes the result after it. A rollout that is killed between two steps
leaves a whole version live, and the same command again completes it.
"""

from collections.abc import Callable
from typing import NamedTuple

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import UNREGISTERED
from credit.registry.store import Store
from release.deployment import service_client
from release.deployment.apply import apply_change
from release.deployment.change import Attribution, Change
from release.deployment.clients import describe_client_effects
from release.deployment.notification import finish_notification, start_notification
from release.deployment.plan import plan_reversal
from release.deployment.way_back import read_current_entry
from release.repository import tags
from release.repository.git import is_in_repository
from release.repository.store_identity import require_identity


class Reversal(NamedTuple):
    """An attempt to undo an entry: the entry that does it, None without one, and the problems that prevented it."""

    entry: LedgerEntry | None
    problems: list[str]


class TagResult(NamedTuple):
    """The name of an entry's tag, None when it has none, and a line that says where it is or why there is none."""

    name: str | None
    note: str


class Rollout(NamedTuple):
    """A change that was carried out.

    `entry`: the one that was written, None when nothing had to change; `current`: the one that decides now; `late`: the
    services that did not take it up in time; `reversal`: None when none was tried; `notified`: a line that says whether
    the webhook knows of a rollback, None without either.
    """

    change: Change
    entry: LedgerEntry | None
    current: LedgerEntry
    late: list[str]
    reversal: Reversal | None
    tag: TagResult
    notified: str | None


def roll_out(
    store: Store,
    change: Change,
    wait: float,
    push: bool,
    revert: bool,
    insists: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Rollout:
    """Carry out a change step by step; of one that was applied before and killed, the steps that are missing.

    `wait`: seconds that the services may take; `revert`: undo the change when one of them does not take it up;
    `insists`, `check`: see `apply_change`. Raises CreditError before anything is written when the version cannot be
    verified.
    """
    entry = apply_change(store, change, insists, check)
    current = entry or change.resulting_entry
    notification = start_notification(store, change.environment, change.before, entry)
    change = change._replace(notes=(*change.notes, *describe_client_effects(store, change)))
    late = wait_for_services(current, wait)
    reversal = None
    if late and entry is not None and revert:
        reason = f"{entry.version} was not taken up within {wait:g} seconds"
        reversal = _revert(store, change, entry, Attribution(reason, entry.actor))
        notification = start_notification(store, change.environment, entry, reversal.entry)
        current = reversal.entry or read_current_entry(store, change.environment)
    tag = tag_entry(store, change.environment, current, push)
    return Rollout(change, entry, current, late, reversal, tag, finish_notification(notification))


def wait_for_services(entry: LedgerEntry, seconds: float) -> list[str]:
    """Wait until the configured services decide by an entry; a line for each that does not in time.

    A wrong configuration is reported like a service that is late: the entry is written, so its result must be reported.
    """
    try:
        urls = service_client.read_addresses()
    except CreditError as error:
        return [str(error)]
    return service_client.wait_for_entry(entry, urls, seconds) if urls else []


def tag_entry(store: Store, environment: str, entry: LedgerEntry, push: bool) -> TagResult:
    """Tag the commit of an entry's version, if git is within reach. The deployment does not depend on it."""
    if not is_taggable(entry):
        why = "the version stays" if entry.kind == "fallback" else f"{entry.version} is not a registered version"
        return TagResult(None, f"git:   no tag, {why}")
    if not is_in_repository():
        return TagResult(None, "git:   no repository here; release sync tags it from one that has the tags")
    name = None
    try:
        require_identity(store)
        name = tags.assign_version(store, environment, entry)
        if push:
            tags.push_tag(name)
    except CreditError as error:
        did = f"tagged {name} here only" if name else "not tagged"
        return TagResult(name, f"git:   {did} ({error}); release sync --push does it when git is back")
    where = "pushed" if push else "here only; git push origin --tags"
    return TagResult(name, f"git:   {name}, {where}")


def is_taggable(entry: LedgerEntry) -> bool:
    """Tell whether an entry puts a registered version into its environment, which is all that a tag can say."""
    return entry.kind != "fallback" and entry.version != UNREGISTERED


def _revert(store: Store, change: Change, entry: LedgerEntry, by: Attribution) -> Reversal:
    """Undo an entry; neither entry nor problem when another command has changed the environment meanwhile."""
    try:
        reversed_change = plan_reversal(Ledger(store, change.environment), entry, change.before, by)
        return Reversal(apply_change(store, reversed_change) if reversed_change else None, [])
    except CreditError as error:
        return Reversal(None, [str(problem) for problem in error.problems])

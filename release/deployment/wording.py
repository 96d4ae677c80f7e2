"""Put a planned change and a finished rollout into words, for people and as JSON."""

from typing import Any

from credit.common.cli import Answer
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.deployment.apply import verify_change
from release.deployment.change import FALLBACK_TARGET, Change, describe_decider
from release.deployment.clients import describe_client_effects
from release.deployment.rollout import Reversal, Rollout


def preview_change(store: Store, change: Change) -> Answer:
    """Verify the bundle of a change and describe what it would do, for --dry-run. Raises CreditError as it would."""
    verify_change(store, change)
    change = change._replace(notes=(*change.notes, *describe_client_effects(store, change)))
    content = _dump_change(change, change.entry) | {"dry_run": True}
    if change.entry is None:
        return Answer(content, _describe_no_change(change))
    transition = _describe_transition(change.entry, change.before)
    lines = [f"would {change.entry.kind}: {change.environment} {transition}", *_format_notes(change)]
    if change.entry.kind != "fallback":
        lines += ["check: its bundle is whole in the store, and scores its own examples"]
    return Answer(content, "\n".join(lines))


def describe_rollout(rollout: Rollout) -> Answer:
    """Describe the change, the version that decides now and the next command; exit code 1 for a late service."""
    code = 1 if rollout.late else 0
    if rollout.reversal is None:
        return Answer(_dump_success(rollout), "\n".join(_format_success(rollout)), code)
    reversal = rollout.reversal
    return Answer(_dump_failure(rollout, reversal), "\n".join(_format_failure(rollout, reversal)), code)


def _format_success(rollout: Rollout) -> list[str]:
    change, entry = rollout.change, rollout.entry
    follows = [f"late:  {line}; it follows the ledger by itself once it can read it" for line in rollout.late]
    then = f"next:  release status --env {change.environment}"
    if entry is None:
        return [_describe_no_change(change), rollout.tag.note, *follows, then]
    told = [rollout.notified] if rollout.notified else []
    return [
        f"{change.environment}: {_describe_transition(entry, change.before)}",
        f"why:   {entry.reason} ({entry.actor}, entry {entry.number})",
        *_format_notes(change),
        rollout.tag.note,
        *told,
        *follows,
        f"undo:  {_suggest_undo(change)}",
        then,
    ]


def _format_failure(rollout: Rollout, reversal: Reversal) -> list[str]:
    """Format a change that the services did not take up: a failure, whether it could be undone or not."""
    change, current, problems = rollout.change, rollout.current, reversal.problems
    outcome = "and could not be put back" if problems else "and is not live"
    to_rule, history = _format_rollback(change, FALLBACK_TARGET), f"release history --env {change.environment}"
    return [
        f"{change.environment}: {change.resulting_entry.version} was not taken up {outcome}",
        *(f"late:  {line}" for line in rollout.late),
        *(f"error: {line}" for line in problems),
        f"live:  {describe_decider(current)} (entry {current.number})",
        rollout.tag.note,
        *([rollout.notified] if rollout.notified else []),
        f"next:  {to_rule if problems else history}",
    ]


def _dump_success(rollout: Rollout) -> dict[str, Any]:
    return _dump_change(rollout.change, rollout.entry) | {
        "live": rollout.current.version,
        "decides": describe_decider(rollout.current),
        "tag": rollout.tag.name,
        "services_late": rollout.late,
        "notified": rollout.notified,
    }


def _dump_failure(rollout: Rollout, reversal: Reversal) -> dict[str, Any]:
    return _dump_change(rollout.change, rollout.entry) | {
        "put_back": reversal.entry is not None,
        "live": rollout.current.version,
        "tag": rollout.tag.name,
        "services_late": rollout.late,
        "notified": rollout.notified,
        "problems": reversal.problems,
    }


def _dump_change(change: Change, entry: LedgerEntry | None) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "entry": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "before": change.before.model_dump(mode="json", exclude_none=True) if change.before else None,
        "notes": list(change.notes),
    }


def _format_notes(change: Change) -> list[str]:
    return [f"note:  {note}" for note in change.notes]


def _describe_transition(entry: LedgerEntry, before: LedgerEntry | None) -> str:
    return f"{describe_decider(before) if before else 'nothing'} -> {describe_decider(entry)}"


def _describe_no_change(change: Change) -> str:
    return f"{change.environment}: {describe_decider(change.resulting_entry)} is live already, nothing to do"


def _suggest_undo(change: Change) -> str:
    """Suggest the command that takes a change back; after the kill switch it has to say so."""
    before, lifts = change.before, change.entry is not None and change.entry.kind == "fallback"
    target = FALLBACK_TARGET if before is None or before.kind == "fallback" else before.version
    return _format_rollback(change, f"{target} --after-rule" if lifts else target)


def _format_rollback(change: Change, target: str) -> str:
    return f"release rollback --env {change.environment} --to {target} --reason '...'"

"""Put a planned change and a finished rollout into words, for people and as JSON."""

from typing import Any

from credit.common.cli import Answer
from credit.registry.ledger import LedgerEntry
from release.deployment.plan import FALLBACK_TARGET, Change, describe_decider
from release.deployment.rollout import Reversal, Rollout


def describe_change(change: Change) -> Answer:
    """Describe what a change would do, for --dry-run."""
    content = _dump_change(change, change.entry) | {"dry_run": True}
    if change.entry is None:
        return Answer(content, _describe_no_change(change))
    transition = _describe_transition(change.entry, change.before)
    return Answer(content, f"would {change.entry.kind}: {change.environment} {transition}")


def describe_rollout(rollout: Rollout) -> Answer:
    """Describe the change, the version that decides now and the next command; exit code 1 for a late service."""
    if rollout.reversal is None:
        content, lines = _describe_success(rollout)
    else:
        content, lines = _describe_failure(rollout, rollout.reversal)
    return Answer(content, "\n".join(lines), 1 if rollout.late else 0)


def _describe_success(rollout: Rollout) -> tuple[dict[str, Any], list[str]]:
    change, entry, current, late = rollout.change, rollout.entry, rollout.current, rollout.late
    content = _dump_change(change, entry) | {"live": current.version, "decides": describe_decider(current)}
    content |= {"tag": rollout.tag.name, "services_late": late}
    follows = [f"late:  {line}; it follows the ledger by itself once it can read it" for line in late]
    then = f"next:  release status --env {change.environment}"
    if entry is None:
        return content, [_describe_no_change(change), rollout.tag.note, *follows, then]
    lines = [
        f"{change.environment}: {_describe_transition(entry, change.before)}",
        f"why:   {entry.reason} ({entry.actor}, entry {entry.number})",
        rollout.tag.note,
        *follows,
        f"undo:  {_suggest_undo(change)}",
        then,
    ]
    return content, lines


def _describe_failure(rollout: Rollout, reversal: Reversal) -> tuple[dict[str, Any], list[str]]:
    """Describe a change that the services did not take up: a failure, whether it could be undone or not."""
    change, current, late, problems = rollout.change, rollout.current, rollout.late, reversal.problems
    content = _dump_change(change, rollout.entry)
    content |= {"put_back": reversal.entry is not None, "live": current.version, "tag": rollout.tag.name}
    content |= {"services_late": late, "problems": problems}
    outcome = "and could not be put back" if problems else "and is not live"
    to_rule, history = _suggest_rollback(change, FALLBACK_TARGET), f"release history --env {change.environment}"
    lines = [
        f"{change.environment}: {change.resulting_entry.version} was not taken up {outcome}",
        *(f"late:  {line}" for line in late),
        *(f"error: {line}" for line in problems),
        f"live:  {describe_decider(current)} (entry {current.number})",
        rollout.tag.note,
        f"next:  {to_rule if problems else history}",
    ]
    return content, lines


def _dump_change(change: Change, entry: LedgerEntry | None) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "entry": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "before": change.before.model_dump(mode="json", exclude_none=True) if change.before else None,
    }


def _describe_transition(entry: LedgerEntry, before: LedgerEntry | None) -> str:
    return f"{describe_decider(before) if before else 'nothing'} -> {describe_decider(entry)}"


def _describe_no_change(change: Change) -> str:
    return f"{change.environment}: {describe_decider(change.resulting_entry)} is live already, nothing to do"


def _suggest_undo(change: Change) -> str:
    before = change.before
    return _suggest_rollback(change, FALLBACK_TARGET if before is None or before.kind == "fallback" else before.version)


def _suggest_rollback(change: Change, target: str) -> str:
    return f"release rollback --env {change.environment} --to {target} --reason '...'"

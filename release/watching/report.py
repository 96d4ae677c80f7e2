"""Report a look for people and as JSON."""

from typing import Any

from release.watching.session import Look, Settings
from release.watching.wording import describe_finding, describe_trial
from watch.judging import GroupFinding
from watch.state import WatchState


def format_look(look: Look, state: WatchState, settings: Settings) -> list[str]:
    """Format a look: the word, the alarms, the action, and the groups with the most evidence."""
    entry = look.entry
    what = f"{entry.version}, entry {entry.number}" if entry else "nothing is live, or it is not known"
    lines = [f"{settings.environment}: {look.word}, {what}; {_describe_counts(look, state)}"]
    lines += [f"alarm:  {describe_finding(one, settings.judging)}" for one in look.alarms]
    lines += [f"inconclusive: {line}" for line in look.obstacles]
    lines += _format_action(look)
    listed = sorted((one for one in look.findings if not one.is_alarm), key=lambda one: -one.peak / one.threshold)
    return lines + [f"group:  {describe_finding(one, settings.judging)}" for one in listed[:10]]


def _describe_counts(look: Look, state: WatchState) -> str:
    streams = state.streams.get((look.entry.number, look.entry.digest)) if look.entry else None
    counts, skipped = (streams.counts, streams.unjudged) if streams else ({}, {})
    counted = sum(sum(kinds.values()) for name, kinds in counts.items() if name != "referrals")
    unjudged = "".join(f", {number:,} not judged ({why})" for why, number in skipped.items())
    return f"{counted:,} decisions judged{unjudged}, {look.rows:,} of the log are new"


def _format_action(look: Look) -> list[str]:
    if look.action is None or look.entry is None:
        return []
    tried = [f"tried:  {describe_trial(one, look.entry.version)}" for one in look.action.trials]
    if look.action.rollout is None:
        return [*tried, f"not taken back: {look.action.why_not}"]
    made = look.action.rollout.current
    late = [f"late:   {line}" for line in look.action.rollout.late]
    return [*tried, f"taken back: entry {made.number}, {made.kind} of {made.version}", *late]


def dump_look(look: Look, state: WatchState, settings: Settings) -> dict[str, Any]:
    """Dump a look for --json."""
    streams = state.streams.get((look.entry.number, look.entry.digest)) if look.entry else None
    action = look.action
    return {
        "environment": settings.environment,
        "watch": look.word,
        "entry": look.entry.model_dump(mode="json", exclude_none=True) if look.entry else None,
        "limit": settings.judging.limit,
        "alpha": settings.judging.alpha,
        "new": look.rows,
        "counts": streams.counts if streams else {},
        "unjudged": streams.unjudged if streams else {},
        "elsewhere": state.elsewhere,
        "groups": [_dump_finding(one) for one in look.findings],
        "inconclusive": look.obstacles,
        "action": action
        and {
            "entry": action.rollout.current.number if action.rollout else None,
            "why_not": action.why_not,
            "tried": [{"name": one.name, "decided": one.decided, "why_not": one.why_not} for one in action.trials],
        },
    }


def _dump_finding(one: GroupFinding) -> dict[str, Any]:
    crossed = one.crossed.isoformat() if one.crossed else None
    return one._asdict() | {"interval": one.interval._asdict(), "crossed": crossed, "alarm": one.is_alarm}

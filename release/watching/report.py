"""Report a look for people and as JSON."""

import math
from typing import Any

from release.watching.drift import DriftReport
from release.watching.failing.wording import describe_failing
from release.watching.outcomes import OutcomeReport
from release.watching.refusals import RefusalReport
from release.watching.replay import Replay, ReplayedEntry
from release.watching.session import Look
from release.watching.settings import Settings
from release.watching.taking_back.target import Trial
from release.watching.telling import Told
from release.watching.wording import describe_alarm, describe_finding, describe_trial, is_small
from watch.judging import GroupFinding
from watch.outcomes.judging import OutcomeFinding
from watch.state import WatchState

_EXPECTED_BY = {
    "bad rate": "what the evaluation promised",
    "calibration": "the scores",
    "earlier months": "earlier months at this age",
}

_TIMED = (
    "note:   how slow models are was measured now, on this machine; a watch would have measured it then, on its own"
)


def format_look(look: Look, state: WatchState, settings: Settings) -> list[str]:
    """Format a look: the word, the alarms, the action, and the groups with the most evidence."""
    entry = look.entry
    what = f"{entry.version}, entry {entry.number}" if entry else "nothing is live, or it is not known"
    lines = [f"{settings.environment}: {look.word}, {what}; {_describe_counts(look, state)}"]
    lines += [f"alarm:  {describe_alarm(one, settings.judging)}" for one in look.alarms]
    lines += [f"alarm:  {describe_failing(look.failures)}"] if look.failures and look.is_failing else []
    lines += [f"inconclusive: {line}" for line in look.obstacles]
    lines += [*_format_action(look), *format_told(look.told)]
    if look.unwritten:
        lines.append(f"note:   the alarm is not in the store, where release status looks: {look.unwritten}")
    if look.unchained:
        lines.append(f"note:   {look.unchained:,} decisions from before the log had numbers are not judged")
    listed = sorted((one for one in look.list_shown() if not one.is_alarm), key=lambda one: -one.peak / one.threshold)
    return lines + [f"group:  {describe_finding(one, settings.judging)}" for one in listed[:10]]


def _describe_counts(look: Look, state: WatchState) -> str:
    streams = state.streams.get((look.entry.number, look.entry.digest)) if look.entry else None
    counts, skipped = (streams.counts, streams.unjudged) if streams else ({}, {})
    counted = sum(sum(kinds.values()) for name, kinds in counts.items() if name != "referrals")
    unjudged = "".join(f", {number:,} not judged ({why})" for why, number in skipped.items())
    return f"{counted:,} decisions judged{unjudged}, {look.rows:,} of the log are new"


def format_told(told: Told) -> list[str]:
    """Format a line for each thing that differs, or is too old."""
    lines = [f"{one.what + ':':8}{one.words}" for one in told.concerns]
    if told.drift is not None:
        period = f"{told.drift.start:%Y-%m-%d} to {told.drift.end:%Y-%m-%d}, {told.drift.people:,} people"
        lines += [
            f"drift:  {one.figure}: {one.moved:.0%} of people are in another bin than those the version was made from "
            f"({period}; chi-square {one.statistic:,.0f}, limit {one.limit:.0f})"
            for one in told.drift.drifted
        ]
    if told.refusals is not None:
        lines += [
            f"refused: {one.field}: {one.refused:,} of {one.asked:,} requests of {told.refusals.day} were refused for "
            f"it, {one.share:.1%}"
            for one in told.refusals.told
        ]
    return lines + ([_describe_outcome(one) for one in told.outcomes.told] if told.outcomes else [])


def _describe_outcome(one: OutcomeFinding) -> str:
    low, high = one.interval
    group = " ".join(one.group).strip() or "everybody"
    return (
        f"outcome: {group}, approved in {one.month:%Y-%m}, after {one.age} days: {one.rate:.1%} bad "
        f"(interval {low:.1%} to {high:.1%}, {one.bad:,} of {one.of:,}), expected {one.expected:.1%} "
        f"by {_EXPECTED_BY[one.compared]}"
    )


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
        "unchained": look.unchained,
        "drift": _dump_drift(look.told.drift) if look.told.drift else None,
        "outcomes": _dump_outcomes(look.told.outcomes) if look.told.outcomes else None,
        "refusals": _dump_refusals(look.told.refusals) if look.told.refusals else None,
        "concerns": {one.what: one.words for one in look.told.concerns},
        "groups": [_dump_finding(one) for one in look.list_shown()],
        "failures": look.failures._asdict() if look.failures else None,
        "inconclusive": look.obstacles,
        "action": action
        and {
            "entry": action.rollout.current.number if action.rollout else None,
            "why_not": action.why_not,
            "tried": [_dump_trial(one) for one in action.trials],
        },
    }


def _dump_drift(drift: DriftReport) -> dict[str, Any]:
    figures = [one._asdict() | {"limit": None if math.isinf(one.limit) else one.limit} for one in drift.findings]
    period = {"start": drift.start.isoformat(), "end": drift.end.isoformat()}
    return period | {"people": drift.people, "unread": drift.unread, "figures": figures}


def _dump_refusals(refusals: RefusalReport) -> dict[str, Any]:
    return {
        "day": str(refusals.day) if refusals.day else None,
        "judged": [one._asdict() for one in refusals.judged],
        "running": [one._asdict() for one in refusals.running],
    }


def _dump_outcomes(outcomes: OutcomeReport) -> dict[str, Any]:
    findings = [
        one._asdict()
        | {"month": one.month.isoformat(), "rate": one.rate, "interval": one.interval, "told": one.is_different}
        for one in outcomes.findings
    ]
    return {"findings": findings, "unknown": outcomes.unknown}


def _dump_finding(one: GroupFinding) -> dict[str, Any]:
    crossed = one.crossed.isoformat() if one.crossed else None
    return one._asdict() | {"interval": one.interval._asdict(), "crossed": crossed, "alarm": one.is_alarm}


def format_replay(replayed: Replay, settings: Settings) -> list[str]:
    """Format what a watch would have done, a few lines for each entry that decided somebody."""
    lines = []
    for one in replayed.entries:
        counts = sum(one.streams.counts["approvals"].values())
        name = f"{settings.environment}: entry {one.streams.entry}, {one.streams.version or 'the rule of the image'}"
        lines.append(f"{name}: {counts:,} decisions of its own, {_describe_alarm(one)}")
        lines += [f"alarm:  {describe_alarm(finding, settings.judging)}" for finding in one.alarms]
        lines += [f"alarm:  {describe_failing(one.failing)}"] if one.failing else []
        trials = one.action.trials if one.action else []
        lines += [f"tried:  {describe_trial(trial, one.streams.version or 'it')}" for trial in trials]
        lines += [_TIMED] if one.action and one.action.is_timed else []
        lines += [f"not known: {one.problem}"] if one.problem else []
    if any(one.target for one in replayed.entries) and not settings.params.acts:
        lines.append("note:   watch.acts is false in params.yaml: nothing would have gone anywhere, people were told")
    missing = f"inconclusive: {replayed.missing:,} decisions are missing from the log"
    return [*(lines or ["the log has no decision"]), *([missing] if replayed.missing else [])]


def _describe_alarm(one: ReplayedEntry) -> str:
    if one.alarm is None:
        return "no alarm"
    did = "would have gone nowhere, and told people" + (f": {one.action.why_not}" if one.action else "")
    if one.target and one.at:
        did = f"would have gone to {one.target} at {one.at:%Y-%m-%d %H:%M:%S}"
    if one.split_ended:
        did = f"its split would have been ended at {one.split_ended:%Y-%m-%d %H:%M:%S}"
    return f"alarm at {one.alarm:%Y-%m-%d %H:%M:%S} UTC, {did}"


def dump_replay(replayed: Replay, settings: Settings) -> dict[str, Any]:
    """Dump a replay for --json."""
    entries = [
        {
            "entry": one.streams.entry,
            "version": one.streams.version,
            "counts": one.streams.counts,
            "unjudged": one.streams.unjudged,
            "alarm": one.alarm.isoformat() if one.alarm else None,
            "groups": [_dump_finding(finding) for finding in one.alarms if not is_small(finding)],
            "failures": one.failing._asdict() if one.failing else None,
            "target": one.target,
            "at": one.at.isoformat() if one.target and one.at else None,
            "split_ended": one.split_ended.isoformat() if one.split_ended else None,
            "why_not": one.action.why_not if one.action else "",
            "tried": [_dump_trial(trial) for trial in one.action.trials] if one.action else [],
            "timed_now": one.action is not None and one.action.is_timed,
            "problem": one.problem,
        }
        for one in replayed.entries
    ]
    return {"environment": settings.environment, "entries": entries, "missing": replayed.missing}


def _dump_trial(one: Trial) -> dict[str, Any]:
    return {"name": one.name, "decided": one.decided, "asked": one.asked, "why_not": one.why_not}

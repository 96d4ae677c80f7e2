"""Word what the watch found: for the ledger, the terminal and the log."""

import math
from collections.abc import Sequence

from release.deployment.quarantine import UNEQUAL_REASON
from release.watching.taking_back.target import LEAST_SHOWN, Trial
from watch.judging import GroupFinding
from watch.params import WatchParams
from watch.ratio_interval import RatioInterval
from watch.streams import Judging

_STREAMS = {
    "approvals": "was approved",
    "referrals": "was approved or referred",
    "rule": "was approved, by the rule in place of the model,",
}

_TOO_FEW = "of whom there are too few to show figures"


def describe_finding(one: GroupFinding, judging: Judging) -> str:
    """Describe a group beside its reference group, with the evidence."""
    return (
        f"{one.attribute} {one.group} {_STREAMS[one.stream]} {format_ratio(one.interval)} times as often as "
        f"{one.reference} ({one.people:,} and {one.reference_people:,} people; the limit is {judging.limit:g}), "
        f"evidence {one.peak:,.3g} of {one.threshold:,.3g}"
    )


def is_small(one: GroupFinding) -> bool:
    """Tell whether a group, or the reference group beside it, is too small to show figures."""
    return min(one.people, one.reference_people) < LEAST_SHOWN


def describe_alarm(one: GroupFinding, judging: Judging) -> str:
    """Describe a group in alarm: of a small one no figures."""
    if is_small(one):
        return f"{one.attribute} {one.group}, {_TOO_FEW}"
    return describe_finding(one, judging)


def describe_trial(trial: Trial, better_than: str) -> str:
    """Describe a candidate on the applicants of the live version: of small groups no figures."""
    if trial.why_not:
        return f"not {trial.name}: {trial.why_not}"
    if failures := trial.failures:
        return (
            f"the same {trial.asked:,} applicants: {better_than} failed on {failures.live:.1%} and {trial.name} on "
            f"{failures.other:.1%}, paired evidence {failures.better:,.3g}"
        )
    parts = [
        f"{' '.join(name)}, {_TOO_FEW}"
        if name in trial.small
        else f"{' '.join(name)} {_format(one.live_ratio)} by {better_than} and {_format(one.ratio)} by {trial.name}, "
        f"paired evidence {one.better:,.3g}"
        for name, one in trial.findings.items()
    ]
    return f"the same {trial.asked:,} applicants: {'; '.join(parts)}"


def word_reason(
    version: str, alarms: Sequence[GroupFinding], trials: Sequence[Trial], params: WatchParams, judging: Judging
) -> str:
    """Word the reason of the entry that takes a version back: of small groups no figures, as of an alarm."""
    found = "; ".join(describe_alarm(one, judging) for one in alarms[:3])
    more = f" and {len(alarms) - 3} more groups" if len(alarms) > 3 else ""
    tried = "; ".join(describe_trial(one, version) for one in trials)
    return f"{UNEQUAL_REASON}{version}: {found}{more}, alpha {params.alpha:g}. {tried}"[:1000]


def format_ratio(interval: RatioInterval) -> str:
    """Format a ratio with its interval; never rounded up to a limit."""
    high = "" if interval.high is None else f"{math.ceil(100 * interval.high - 1e-9) / 100:.2f}"
    return f"{_format(interval.ratio)} (interval {_format(interval.low)} to {high or 'any'})"


def _format(ratio: float | None) -> str:
    return "unknown" if ratio is None else f"{math.floor(100 * ratio + 1e-9) / 100:.2f}"

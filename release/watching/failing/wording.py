"""Word that a model fails: for the ledger, the terminal, the log and the store."""

from collections.abc import Sequence

from release.deployment.quarantine import FAILING_REASON
from release.watching.taking_back.target import Trial
from release.watching.wording import describe_trial
from watch.failures import PERIOD_SECONDS, FailureFinding
from watch.params import WatchParams

SUBJECT = ("", "failing model")
"""Stands for attribute and group where the store has alarms of an entry."""


def describe_failing(one: FailureFinding) -> str:
    """Describe how often the model fails, with the evidence."""
    return (
        f"the rule decided {one.failed:,} of the last {one.decided:,} people since the model failed or was late, "
        f"{one.share:.0%} within {PERIOD_SECONDS // 60} minutes (the budget is {one.budget:.0%}), "
        f"evidence {one.evidence:,.3g} of {one.threshold:,.3g}"
    )


def word_failing_reason(version: str, failing: FailureFinding, trials: Sequence[Trial], params: WatchParams) -> str:
    """Word the reason of the entry that takes a failing version back."""
    tried = "; ".join(describe_trial(one, version) for one in trials)
    return f"{FAILING_REASON}{version}: {describe_failing(failing)}, alpha {params.failing_alpha:g}. {tried}"[:1000]

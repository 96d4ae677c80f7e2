"""The rules: the verdict of each comparison, and what follows. A verdict looks at the whole interval.

`pass`: the whole interval complies. `fail`: all of it is beyond the limit, also after Holm's correction over all
comparisons that gate: the chance that a candidate within every limit is failed anywhere is at most (1 - level) / 2.
`insufficient`: neither, the data do not decide; where the value itself is beyond the limit it blocks until a waiver,
else it warns. `not assessable`: too few people on either side, or no such metric. `reported`: the metric has no limit.
Passes need no correction: a candidate passes only when every comparison does (intersection-union).
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from credit.contract.columns import UNDISCLOSED
from credit.fairness.group_comparison import Comparison
from credit.fairness.policies import VerdictRules
from credit.reports.fairness import Verdict

Action = Literal["block", "warn", "nothing"]


def judge_comparisons(compared: Sequence[Comparison], rules: VerdictRules) -> list[Verdict]:
    """Judge each comparison; all of them are one family, in which fails are corrected together."""
    assessed = [item for item in compared if item.limit.gated and is_assessable(item, rules)]
    p_values = [item.compute_p_value() if item.limit.is_broken_by(item.low, item.high) else 1.0 for item in assessed]
    rejected = reject_by_holm(p_values, (1 - rules.level) / 2)
    failed = {item for item, fails in zip(assessed, rejected, strict=True) if fails}
    return [_judge_comparison(item, item in failed, rules) for item in compared]


def reject_by_holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Reject hypotheses by Holm's step-down procedure (1979): all errors together are at most `alpha` likely."""
    order = np.argsort(p_values, kind="stable")
    rejected = [False] * len(p_values)
    for step, index in enumerate(order):
        if p_values[index] > alpha / (len(p_values) - step):
            break
        rejected[index] = True
    return rejected


def has_enough_people(item: Comparison, rules: VerdictRules) -> bool:
    """Tell whether there are enough people on both sides."""
    return min(item.n, item.reference_n) >= rules.smallest_denominator


def is_assessable(item: Comparison, rules: VerdictRules) -> bool:
    """Tell whether there are enough people on both sides, and a value at all."""
    return has_enough_people(item, rules) and not math.isnan(item.value)


def _judge_comparison(item: Comparison, failed: bool, rules: VerdictRules) -> Verdict:
    if not item.limit.gated:
        return "reported"
    if not is_assessable(item, rules):
        return "not assessable"
    if failed:
        return "fail"
    complies = item.limit.is_kept_by(item.low, item.high)
    return "pass" if complies and item.undisclosed <= rules.undisclosed_no_pass else "insufficient"


def choose_action(item: Comparison, verdict: Verdict, rules: VerdictRules, gates: bool) -> Action:
    """Choose what follows from a verdict. `gates`: whether it may block; if not, only a fail warns."""
    if not gates:
        return "warn" if verdict == "fail" else "nothing"
    if verdict == "fail":
        return "block"
    if verdict == "insufficient":
        within = item.limit.is_kept_by(item.value, item.value)
        return rules.insufficient_within if within else rules.insufficient_beyond
    if verdict == "not assessable":
        return _choose_unassessed_action(item, rules)
    return "warn" if item.limit.has_warning_at(item.value) and has_enough_people(item, rules) else "nothing"


def _choose_unassessed_action(item: Comparison, rules: VerdictRules) -> Action:
    if item.group == UNDISCLOSED and not item.total:
        return "nothing"
    return "block" if has_enough_people(item, rules) else rules.not_assessable  # no value in spite of the people fails

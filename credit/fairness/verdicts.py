"""The rules: the verdict of each comparison, and what follows. A verdict never looks at the figure alone.

`pass`: the whole interval complies. `fail`: all of it is beyond the limit, corrected by Holm over all comparisons that
gate; where either side is below the smallest denominator, by an exact test of the limit instead. `unequal`: the figure
is beyond the limit, and equal treatment is rejected by Fisher's exact test, corrected in the same way: the chance that
a candidate that treats everybody alike is stopped anywhere is at most (1 - level) / 2. `insufficient`: the data do not
decide. Where the figure is beyond the limit it warns and becomes an obligation of live monitoring. `not assessable`:
too few people to pass and nothing against them, or no such figure. `reported`: the metric has no limit. Passes need no
correction: a candidate passes only when every comparison does (intersection-union).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit.fairness.counts import AttributeKey, PeopleCounts
from credit.fairness.group_comparison import Comparison, compare_groups
from credit.fairness.policies import FairnessPolicy, VerdictRules
from credit.reports.fairness import Verdict

Action = Literal["block", "warn", "nothing"]

VERDICT_ORDER: tuple[Verdict, ...] = get_args(Verdict)
"""The worst first."""


class Judgement(NamedTuple):
    """A comparison, its verdict, and what follows before a waiver."""

    comparison: Comparison
    verdict: Verdict
    action: Action


def judge_groups(
    counts: PeopleCounts, keys: Sequence[AttributeKey], policy: FairnessPolicy, rules: VerdictRules
) -> list[Judgement]:
    """Judge every group, or cell of a pair, of all `keys` as one family."""
    compared = compare_groups(counts, keys, policy, rules)
    verdicts = judge_comparisons(compared, rules)
    gates = policy.gates != "nothing"
    told = [
        Judgement(item, verdict, choose_action(item, verdict, rules, gates))
        for item, verdict in zip(compared, verdicts, strict=True)
    ]
    hidden = find_hidden_attributes(told, rules) if gates else set()
    return [
        one._replace(action="block") if one.comparison.attribute in hidden and one.comparison.limit.gated else one
        for one in told
    ]


def find_hidden_attributes(judged: Sequence[Judgement], rules: VerdictRules) -> set[str]:
    """Find the attributes that no group can be judged by, because so many do not disclose theirs."""
    gated = [one for one in judged if one.comparison.limit.gated]
    assessed = {one.comparison.attribute for one in gated if one.verdict != "not assessable"}
    undisclosed = {one.comparison.attribute: one.comparison.undisclosed for one in gated}
    return {name for name, share in undisclosed.items() if share > rules.undisclosed_no_pass and name not in assessed}


def judge_comparisons(compared: Sequence[Comparison], rules: VerdictRules) -> list[Verdict]:
    """Judge each comparison; all of them are one family, in which rejections are corrected together."""
    gated = [item for item in compared if item.limit.gated and item.has_value]
    breached = reject_by_holm([item.compute_limit_p_value(is_small(item, rules)) for item in gated], rules.error)
    differs = reject_by_holm([item.compute_parity_p_value() for item in gated], rules.error)
    failed = {item for item, rejected in zip(gated, breached, strict=True) if rejected and item.is_beyond}
    unequal = {item for item, rejected in zip(gated, differs, strict=True) if rejected and item.is_beyond}
    return [_judge_comparison(item, item in failed, item in unequal, rules) for item in compared]


def reject_by_holm(p_values: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Reject hypotheses by Holm's step-down procedure (1979): all errors together are at most `alpha` likely.

    p_values: shape (..., m), each family along the last axis.
    """
    p = np.asarray(p_values, dtype=np.float64)
    m = p.shape[-1]
    order = np.argsort(p, axis=-1, kind="stable")
    small = np.take_along_axis(p, order, axis=-1) <= alpha / (m - np.arange(m))
    rejected = np.zeros(p.shape, dtype=np.bool_)
    np.put_along_axis(rejected, order, np.logical_and.accumulate(small, axis=-1), axis=-1)
    return rejected


def is_small(item: Comparison, rules: VerdictRules) -> bool:
    """Tell whether there are too few people on either side for a pass."""
    return min(item.n, item.reference_n) < rules.smallest_denominator


def _judge_comparison(item: Comparison, failed: bool, unequal: bool, rules: VerdictRules) -> Verdict:
    if not item.limit.gated:
        return "reported"
    if failed:
        return "fail"
    if unequal:
        return "unequal"
    if is_small(item, rules) or not item.has_value:
        return "not assessable"
    complies = item.limit.is_kept_by(item.low, item.high)
    return "pass" if complies and item.undisclosed <= rules.undisclosed_no_pass else "insufficient"


def choose_action(item: Comparison, verdict: Verdict, rules: VerdictRules, gates: bool) -> Action:
    """Choose what follows from a verdict. `gates`: whether it may block; if not, only a finding against it warns."""
    if not gates:
        return "warn" if verdict in ("fail", "unequal") else "nothing"
    if verdict in ("fail", "unequal"):
        return "block"
    if verdict == "insufficient":
        blocks = rules.block_from == "undecided" or (rules.block_from == "beyond" and item.is_beyond)
        return "block" if blocks else "warn"
    if verdict == "not assessable":
        return _choose_unassessed_action(item, rules)
    return "warn" if item.limit.has_warning_at(item.value) and not is_small(item, rules) else "nothing"


def _choose_unassessed_action(item: Comparison, rules: VerdictRules) -> Action:
    if item.is_reference or not is_small(item, rules):
        return "block"  # nothing could be judged: no reference, or no value in spite of the people
    return "block" if rules.block_from == "undecided" and item.total else "warn"

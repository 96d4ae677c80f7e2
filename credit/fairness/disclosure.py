"""Judge who does not disclose an attribute: their share, and what they may hide at the worst."""

from credit.contract.levels import UNDISCLOSED
from credit.fairness.counts import AttributeKey, PeopleCounts, compute_undisclosed_share, encode_number
from credit.fairness.group_comparison import compare_groups
from credit.fairness.metrics import GROUP_METRICS
from credit.fairness.policies import FairnessPolicy, VerdictRules
from credit.fairness.verdicts import VERDICT_ORDER, judge_groups
from credit.fairness.wording import explain_undisclosed
from credit.reports.fairness import Undisclosed, WorstCase


def judge_disclosure(
    counts: PeopleCounts, key: AttributeKey, policy: FairnessPolicy, rules: VerdictRules
) -> Undisclosed:
    """Judge how many people do not disclose an attribute, and what the verdict would be if all were of one group."""
    share = compute_undisclosed_share(counts, key)
    worst = judge_worst_case(counts, key, policy, rules) if share > 0 else None
    return Undisclosed(
        attribute=key[0],
        share=encode_number(share),
        warn=share > min(rules.undisclosed_warn, rules.undisclosed_no_pass),
        reason=explain_undisclosed(key[0], share, worst, rules, counts.labels),
        worst_case=worst,
    )


def judge_worst_case(
    counts: PeopleCounts, key: AttributeKey, policy: FairnessPolicy, rules: VerdictRules
) -> WorstCase | None:
    """Judge an attribute as if everybody undisclosed were of its worst-off group: a bound on what they may hide.

    The group that is furthest on the wrong side by the policy's first comparison that gates. Corrected among this
    attribute's own comparisons. None where nothing gates, or no group has such a value.
    """
    groups = counts.groups[key[0]]
    compared = [
        item
        for item in compare_groups(counts, [key], policy, rules)
        if item.limit.gated and item.measure not in GROUP_METRICS and item.has_value
    ]
    if not compared or UNDISCLOSED not in groups:
        return None
    first = [item for item in compared if item.measure == compared[0].measure]
    worst_off = max if compared[0].limit.tail == "upper" else min
    group = worst_off(first, key=lambda item: item.value).group
    moved = _move_people(counts, key, groups.index(UNDISCLOSED), groups.index(group))
    judged = [one for one in judge_groups(moved, [key], policy, rules) if one.comparison.limit.gated]
    worst = min(judged, key=lambda one: (VERDICT_ORDER.index(one.verdict), one.comparison.group != group))
    item = worst.comparison
    return WorstCase(
        group=group, verdict=worst.verdict, measure=item.measure, of_group=item.group, value=encode_number(item.value)
    )


def _move_people(counts: PeopleCounts, key: AttributeKey, start: int, end: int) -> PeopleCounts:
    """Count the people of one group of an attribute as members of another."""
    people, scores = counts.people[key].copy(), counts.scores[key].copy()
    for table in (people, scores):
        table[end] += table[start]
        table[start] = 0
    return PeopleCounts({key[0]: counts.groups[key[0]]}, {key: people}, {key: scores})

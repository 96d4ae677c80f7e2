"""Judge a candidate in one pass: compare groups, judge each comparison, choose what follows, put it in words."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypedDict, get_args

from credit.contract.columns import UNDISCLOSED
from credit.fairness.counts import (
    AttributeKey,
    PeopleCounts,
    compute_undisclosed_share,
    encode_interval,
    encode_number,
)
from credit.fairness.group_comparison import Comparison, compare_groups, list_judged_groups, list_judged_keys
from credit.fairness.metrics import adverse_impact_ratio
from credit.fairness.policies import FairnessPolicy, VerdictRules
from credit.fairness.sample_size import estimate_additional_people
from credit.fairness.verdicts import Action, choose_action, judge_comparisons
from credit.fairness.waivers import Waiver, check_waivers
from credit.fairness.wording import explain_undisclosed, explain_verdict
from credit.reports.base import OpenInterval
from credit.reports.fairness import (
    AttributeVerdict,
    FairnessVerdict,
    Finding,
    LowestRatio,
    PairFinding,
    Undisclosed,
    UsedWaiver,
    Verdict,
)
from credit.reports.figures import GroupLabels

VERDICT_ORDER: tuple[Verdict, ...] = get_args(Verdict)
"""The worst first."""


class FindingFacts(TypedDict):
    """The fields that every finding has, of a group or of a pair."""

    attribute: str
    group: str
    measure: str
    value: float | None
    interval: OpenInterval | None
    people: int
    verdict: Verdict
    warn: bool
    blocks: bool
    reason: str


class OptionalFacts(TypedDict, total=False):
    """The fields of a finding that its report may leave out."""

    more_people_at_observed_rates: int | None
    more_people_at_equal_rates: int | None
    waiver: UsedWaiver


class OptionalLabels(TypedDict, total=False):
    """The field of a verdict that is left out where no group has a label."""

    labels: GroupLabels


class Judgement(NamedTuple):
    """A comparison, its verdict, and what follows before a waiver."""

    comparison: Comparison
    verdict: Verdict
    action: Action


def judge_fairness(
    counts: PeopleCounts,
    policy: FairnessPolicy,
    rules: VerdictRules,
    candidate: str,
    waivers: Mapping[str, Waiver],
    today: date,
) -> FairnessVerdict:
    """Judge one candidate: its findings, whether they block it, and the share of undisclosed people.

    `waivers` by file; those of other candidates are ignored. Raises CreditError for an expired or unmatched waiver.
    """
    own = {file: waiver for file, waiver in waivers.items() if waiver.candidate == candidate}
    check_waivers(own, [candidate], list_judged_groups(counts, policy), policy, today)
    judged = list_judged_keys(counts, policy)
    others = [key for key in counts.pairs if key not in judged]
    findings = [build_finding(one, rules, own) for one in judge_groups(counts, judged, policy, rules)]
    pairs = [build_pair_finding(one, rules) for one in judge_groups(counts, others, policy.pair_policy, rules)]
    attributes = judge_attributes(findings, counts, policy)
    labels = OptionalLabels(labels=counts.labels) if counts.labels else OptionalLabels()
    return FairnessVerdict(
        candidate=candidate,
        verdict=find_worst_verdict([one.verdict for one in attributes.values()]),
        blocks=any(one.blocks for one in attributes.values()),
        level=rules.level,
        lowest_adverse_impact_ratio=find_lowest_ratio(counts, rules.level, rules.smallest_denominator),
        attributes=attributes,
        verdicts=dict(Counter(one.verdict for one in findings)),
        findings=tuple(findings),
        pairs=tuple(pairs),
        undisclosed=tuple(judge_disclosure(counts, key, rules) for key in counts.attributes),
        **labels,
    )


def judge_groups(
    counts: PeopleCounts, keys: Sequence[AttributeKey], policy: FairnessPolicy, rules: VerdictRules
) -> list[Judgement]:
    """Judge every group, or cell of a pair, of all `keys` as one family."""
    compared = compare_groups(counts, keys, policy, rules.level)
    verdicts = judge_comparisons(compared, rules)
    gates = policy.gates != "nothing"
    return [
        Judgement(item, verdict, choose_action(item, verdict, rules, gates))
        for item, verdict in zip(compared, verdicts, strict=True)
    ]


def build_pair_finding(judged: Judgement, rules: VerdictRules) -> PairFinding:
    """Build a finding in short, for cells of pairs, of which there are very many."""
    return PairFinding(**_collect_facts(judged, rules))


def _collect_facts(judged: Judgement, rules: VerdictRules) -> FindingFacts:
    item, verdict, action = judged
    return FindingFacts(
        attribute=item.attribute,
        group=item.group,
        measure=item.measure,
        value=encode_number(item.value),
        interval=encode_interval(item.value, item.low, item.high),
        people=item.n,
        verdict=verdict,
        warn=action == "warn",
        blocks=action == "block",
        reason=explain_verdict(item, verdict, rules),
    )


def build_finding(judged: Judgement, rules: VerdictRules, waivers: Mapping[str, Waiver]) -> Finding:
    """Build a finding. One that would block and has a waiver warns. Further people and the waiver only where known."""
    optional: OptionalFacts = {}
    if judged.verdict == "insufficient" and (more := estimate_additional_people(judged.comparison)) is not None:
        optional["more_people_at_observed_rates"] = more.at_observed_rates
        optional["more_people_at_equal_rates"] = more.at_equal_rates
    if (waiver := match_waiver(judged, waivers)) is not None:
        optional["waiver"] = waiver
        judged = judged._replace(action="warn") if waiver.used else judged
    return Finding(**_collect_facts(judged, rules), **optional)


def match_waiver(judged: Judgement, waivers: Mapping[str, Waiver]) -> UsedWaiver | None:
    """Match the waiver that names the finding. It is used where an undecided finding would block without it."""
    item, verdict, action = judged
    for file, waiver in waivers.items():
        if waiver.finding == (item.attribute, item.group, item.measure):
            used = verdict == "insufficient" and action == "block"
            return UsedWaiver(file=file, used=used, who=waiver.who, why=waiver.why, until=waiver.until)
    return None


def judge_attributes(
    findings: Sequence[Finding], counts: PeopleCounts, policy: FairnessPolicy
) -> dict[str, AttributeVerdict]:
    """Judge each attribute, or pair that gates, by its findings. One with a single group has none to judge."""
    own: dict[str, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.attribute, []).append(finding)
    for (name,) in counts.attributes:
        own.setdefault(name, [])
    without_verdict: Verdict = "not assessable" if policy.has_gated_limits else "reported"
    return {name: judge_attribute(its_own, without_verdict) for name, its_own in own.items()}


def judge_attribute(findings: Sequence[Finding], without_verdict: Verdict) -> AttributeVerdict:
    """Judge one attribute: the worst verdict, whether it blocks, and the groups that are too small to judge.

    Too few undisclosed people to judge do not change the verdict: their share has limits of its own.
    `without_verdict`: what it is where no finding has a limit.
    """
    small = dict.fromkeys(one.group for one in findings if one.verdict == "not assessable")
    if not any(one.people for one in findings if one.group == UNDISCLOSED):
        small.pop(UNDISCLOSED, None)
    worst = find_worst_verdict(
        [one.verdict for one in findings if (one.group, one.verdict) != (UNDISCLOSED, "not assessable")]
    )
    return AttributeVerdict(
        verdict=without_verdict if worst == "reported" else worst,
        blocks=any(finding.blocks for finding in findings),
        not_assessable=tuple(small),
    )


def find_worst_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """Find the verdict of many: it passes only if each does. `reported` where nothing has a limit."""
    return min(verdicts, key=VERDICT_ORDER.index, default="reported")


def find_lowest_ratio(counts: PeopleCounts, level: float, smallest_denominator: int) -> LowestRatio | None:
    """Find the lowest adverse impact ratio of a single attribute's group, its interval, and whose it is.

    Groups, and references, of fewer than `smallest_denominator` people are left aside; None where no other is left.
    """
    ratios = (ratio for key in counts.attributes for ratio in _list_ratios(counts, key, level, smallest_denominator))
    return min(ratios, key=lambda ratio: ratio.value, default=None)


def _list_ratios(
    counts: PeopleCounts, key: AttributeKey, level: float, smallest_denominator: int
) -> Iterator[LowestRatio]:
    ratio = adverse_impact_ratio(*counts.flatten_cells(key), level)
    if ratio.n[0] < smallest_denominator:
        return
    for cell, name in enumerate(counts.list_groups(key)):
        if ratio.n[cell] >= smallest_denominator and not math.isnan(ratio.value[cell]):
            yield LowestRatio(
                value=float(ratio.value[cell]),
                interval=(encode_number(ratio.low[cell]), encode_number(ratio.high[cell])),
                attribute=key[0],
                group=name,
                people=int(ratio.n[cell]),
            )


def judge_disclosure(counts: PeopleCounts, key: AttributeKey, rules: VerdictRules) -> Undisclosed:
    """Judge how many people do not disclose an attribute."""
    share = compute_undisclosed_share(counts, key)
    return Undisclosed(
        attribute=key[0],
        share=encode_number(share),
        warn=share > min(rules.undisclosed_warn, rules.undisclosed_no_pass),
        reason=explain_undisclosed(key[0], share, rules),
    )

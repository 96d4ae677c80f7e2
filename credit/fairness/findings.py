"""Judge a candidate in one pass: compare groups, judge each comparison, choose what follows, put it in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict

from credit.fairness.counts import AttributeKey, PeopleCounts, encode_interval, encode_number
from credit.fairness.disclosure import judge_disclosure
from credit.fairness.figures import find_lowest_ratio
from credit.fairness.group_comparison import list_judged_groups, list_judged_keys
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.fairness.power.sample_size import estimate_additional_people, estimate_power
from credit.fairness.verdicts import VERDICT_ORDER, Judgement, judge_groups
from credit.fairness.waivers import Waiver, check_waivers
from credit.fairness.wording import explain_verdict
from credit.reports.base import OpenInterval
from credit.reports.fairness import (
    AttributeVerdict,
    FairnessVerdict,
    Finding,
    JudgedFigure,
    Obligation,
    PairFinding,
    UsedWaiver,
    Verdict,
)
from credit.reports.figures import PAIR_SEPARATOR, GroupLabels


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
    power: float
    more_people_to_decide: int | None
    waiver: UsedWaiver


class OptionalLabels(TypedDict, total=False):
    """The field of a verdict that is left out where no group has a label."""

    labels: GroupLabels


def judge_fairness(
    counts: PeopleCounts,
    policy: FairnessPolicy,
    rules: VerdictRules,
    candidate: str,
    waivers: Mapping[str, Waiver],
    today: date,
    tells_pairs: bool = True,
) -> FairnessVerdict:
    """Judge one candidate: its findings, whether they block it, and the share of undisclosed people.

    `waivers` by file; those of other candidates are ignored. Raises CreditError for an expired or unmatched waiver.
    tells_pairs: whether pairs that do not gate are judged too, on which no verdict rests; they take most of the time.
    """
    own = {file: waiver for file, waiver in waivers.items() if waiver.candidate == candidate}
    check_waivers(own, [candidate], list_judged_groups(counts, policy, rules), policy, today)
    judged = list_judged_keys(counts, policy, rules)
    secondary = [key for key in counts.attributes if key not in judged]
    other_pairs = [key for key in counts.pairs if key not in judged and tells_pairs]
    primary = judge_groups(counts, judged, policy, rules)
    beside = judge_groups(counts, secondary, policy.model_copy(update={"gates": "nothing"}), rules)
    family_size = sum(one.comparison.limit.gated for one in primary)
    built = [(one, build_finding(one, rules, own, family_size)) for one in (*primary, *beside)]
    findings = [finding for _, finding in built]
    pairs = [build_pair_finding(one, rules) for one in judge_groups(counts, other_pairs, policy.pair_policy, rules)]
    attributes = judge_attributes(findings, counts, policy, judged)
    labels = OptionalLabels(labels=counts.labels) if counts.labels else OptionalLabels()
    return FairnessVerdict(
        candidate=candidate,
        verdict=find_worst_verdict([one.verdict for one in attributes.values() if one.primary]),
        blocks=any(one.blocks for one in attributes.values()),
        level=rules.level,
        lowest_adverse_impact_ratio=find_lowest_ratio(counts, rules),
        attributes=attributes,
        verdicts=dict(Counter(one.verdict for one in findings)),
        findings=tuple(findings),
        pairs=tuple(pairs),
        obligations=tuple(
            build_obligation(finding, one.comparison.limit, rules)
            for one, finding in built[: len(primary)]
            if is_obliged(one) and policy.gates != "nothing"
        ),
        undisclosed=tuple(judge_disclosure(counts, key, policy, rules) for key in counts.attributes),
        **labels,
    )


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


def is_obliged(judged: Judgement) -> bool:
    """Tell whether a finding is beyond the limit and undecided, so that live monitoring has to follow it."""
    return judged.comparison.is_beyond and judged.verdict in ("insufficient", "not assessable")


def build_obligation(finding: Finding, limit: Limit, rules: VerdictRules) -> Obligation:
    """Build what live monitoring has to follow from the finding that did not decide it."""
    return Obligation(
        **finding.model_dump(include=set(JudgedFigure.model_fields)),
        at_least=limit.at_least,
        at_most=limit.at_most,
        planned_ratio=rules.planned_ratio,
        power=finding.power,
        more_people_to_decide=finding.more_people_to_decide,
    )


def build_finding(judged: Judgement, rules: VerdictRules, waivers: Mapping[str, Waiver], family_size: int) -> Finding:
    """Build a finding. One that would block and has a waiver warns. Further people and the waiver only where known.

    family_size: how many comparisons are corrected together, on which power depends.
    """
    optional: OptionalFacts = {}
    if is_obliged(judged) and (power := estimate_power(judged.comparison, rules, family_size)) is not None:
        optional["power"], optional["more_people_to_decide"] = power
    if judged.verdict == "insufficient" and (more := estimate_additional_people(judged.comparison)) is not None:
        optional["more_people_at_observed_rates"] = more.at_observed_rates
        optional["more_people_at_equal_rates"] = more.at_equal_rates
    if (waiver := match_waiver(judged, waivers)) is not None:
        optional["waiver"] = waiver
        judged = judged._replace(action="warn") if waiver.used else judged
    return Finding(**_collect_facts(judged, rules), **optional)


def match_waiver(judged: Judgement, waivers: Mapping[str, Waiver]) -> UsedWaiver | None:
    """Match the waiver that names the finding. It is used where the finding would block without it.

    A `fail` is lifted by a signed exception only: a waiver with a second person's name.
    """
    item, verdict, action = judged
    for file, waiver in waivers.items():
        if waiver.finding == (item.attribute, item.group, item.measure):
            used = action == "block" and (verdict != "fail" or waiver.second is not None)
            second = {} if waiver.second is None else {"second": waiver.second}
            return UsedWaiver(file=file, used=used, who=waiver.who, **second, why=waiver.why, until=waiver.until)
    return None


def judge_attributes(
    findings: Sequence[Finding], counts: PeopleCounts, policy: FairnessPolicy, judged: Sequence[AttributeKey]
) -> dict[str, AttributeVerdict]:
    """Judge each attribute, or pair that gates, by its findings. One with a single group has none to judge.

    judged: the keys of those that the verdict rests on.
    """
    own: dict[str, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.attribute, []).append(finding)
    for (name,) in counts.attributes:
        own.setdefault(name, [])
    without_verdict: Verdict = "not assessable" if policy.has_gated_limits else "reported"
    primary = {PAIR_SEPARATOR.join(key) for key in judged}
    return {name: judge_attribute(its_own, without_verdict, name in primary) for name, its_own in own.items()}


def judge_attribute(findings: Sequence[Finding], without_verdict: Verdict, primary: bool) -> AttributeVerdict:
    """Judge one attribute: the worst verdict, whether it blocks, and the groups that are too small to judge.

    `without_verdict`: what it is where no finding has a limit. `primary`: whether the verdict rests on it.
    """
    worst = find_worst_verdict([one.verdict for one in findings])
    return AttributeVerdict(
        verdict=without_verdict if worst == "reported" else worst,
        primary=primary,
        blocks=any(finding.blocks for finding in findings),
        not_assessable=tuple(dict.fromkeys(one.group for one in findings if one.verdict == "not assessable")),
    )


def find_worst_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """Find the verdict of many: it passes only if each does. `reported` where nothing has a limit."""
    return min(verdicts, key=VERDICT_ORDER.index, default="reported")

"""The one place that judges. A verdict looks at the whole interval, so it knows when the data cannot tell.

`pass`: the whole interval complies. `fail`: all of it is beyond the limit, also after Holm's correction over all
comparisons that gate: the chance that a candidate within every limit is failed anywhere is at most (1 - level) / 2.
`insufficient`: neither; it blocks when the point is beyond the limit, until a waiver, and warns otherwise.
`not assessable`: too few people on either side, or no such figure. `reported`: the figure has no limit. Passes need
no correction: a candidate passes only when every comparison does (intersection-union).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from credit.contract.columns import UNDISCLOSED
from credit.fairness.comparisons import Comparison, compare_groups, reject_by_holm
from credit.fairness.counts import AttributeKey, PeopleCounts, compute_undisclosed_share, encode_number
from credit.fairness.metrics import METRICS
from credit.fairness.policies import FairnessPolicy, VerdictRules
from credit.fairness.waivers import Waiver, check_waivers
from credit.fairness.wording import estimate_more_people, explain_verdict

VERDICT_ORDER = ("fail", "insufficient", "not assessable", "pass", "reported")
ADVERSE_IMPACT_RATIO = "adverse_impact_ratio"


def find_worst_verdict(verdicts: Sequence[str]) -> str:
    """The verdict of many: it passes only if each does. `reported` where nothing has a limit."""
    return min(verdicts, key=VERDICT_ORDER.index, default="reported")


def judge_attributes(findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each attribute's verdict, whether it blocks, and the groups that are too small to judge.

    Too few undisclosed people to judge do not change the verdict: their share has limits of its own.
    """
    attributes: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(finding["attribute"] for finding in findings):
        own = [finding for finding in findings if finding["attribute"] == name]
        small = dict.fromkeys(f["group"] for f in own if f["verdict"] == "not assessable")
        counted = [
            finding["verdict"]
            for finding in own
            if finding["group"] != UNDISCLOSED or finding["verdict"] != "not assessable"
        ]
        blocks = any(finding["blocks"] for finding in own)
        nobody_hides = not any(f["people"] for f in own if f["group"] == UNDISCLOSED)
        if nobody_hides:
            small.pop(UNDISCLOSED, None)
        attributes[name] = {"verdict": find_worst_verdict(counted), "blocks": blocks, "not_assessable": list(small)}
    return attributes


def find_lowest_ratio(counts: PeopleCounts, level: float, smallest_denominator: int) -> dict[str, Any] | None:
    """The lowest adverse impact ratio of a single attribute's group, its interval, and whose it is.

    Groups, and references, of fewer than `smallest_denominator` people are left aside; None where no other is left.
    """
    lowest = None
    for key in counts.attributes:
        value, low, high, n = METRICS[ADVERSE_IMPACT_RATIO](*counts.flatten_cells(key), level)
        enough = ~np.isnan(value) & (n >= smallest_denominator) & (n[0] >= smallest_denominator)
        for cell in np.flatnonzero(enough):
            if lowest is None or value[cell] < lowest["value"]:
                lowest = {
                    "value": float(value[cell]),
                    "interval": [encode_number(low[cell]), encode_number(high[cell])],
                    "attribute": key[0],
                    "group": counts.list_groups(key)[cell],
                    "people": int(n[cell]),
                }
    return lowest


def judge_fairness(
    counts: PeopleCounts,
    policy: FairnessPolicy,
    rules: VerdictRules,
    candidate: str,
    waivers: Mapping[str, Waiver],
    today: date,
) -> dict[str, Any]:
    """Judge one candidate: JSON-ready findings, whether they block it, and what to know of undisclosed people.

    `waivers` by file; those of other candidates are ignored. Raises CreditError for an expired or unmatched waiver.
    """
    mine = {file: waiver for file, waiver in waivers.items() if waiver.candidate == candidate}
    check_waivers(mine, [candidate], counts, policy, today)
    both = policy.gates == "pairs"
    gating = [*counts.attributes, *(counts.pairs if both else [])]
    findings = _build_findings(counts, gating, policy, rules, mine, policy.gates != "nothing")
    pairs = _build_findings(counts, [] if both else counts.pairs, policy.gating_policy, rules, None, False)
    attributes = judge_attributes(findings)
    for key in counts.attributes:
        told = attributes.setdefault(key[0], {"verdict": "reported", "blocks": False, "not_assessable": []})
        if told["verdict"] == "reported" and policy.gating_policy.limits:
            told["verdict"] = "not assessable"  # there are limits, and nobody to compare: the attribute has one group
    return {
        "candidate": candidate,
        "verdict": find_worst_verdict([told["verdict"] for told in attributes.values()]),
        "blocks": any(told["blocks"] for told in attributes.values()),
        "level": rules.level,
        "lowest_adverse_impact_ratio": find_lowest_ratio(counts, rules.level, rules.smallest_denominator),
        "attributes": attributes,
        "verdicts": dict(Counter(item["verdict"] for item in findings)),
        "findings": findings,
        "pairs": pairs,
        "undisclosed": [_judge_disclosure(counts, key, rules) for key in counts.attributes],
    }


def judge_comparisons(compared: Sequence[Comparison], rules: VerdictRules) -> list[str]:
    """The verdict of each comparison; they are one family, in which fails are corrected together."""
    assessed = [item for item in compared if item.limit.gated and is_assessable(item, rules)]
    p = [item.compute_p_value if item.limit.is_broken_by(item.low, item.high) else 1.0 for item in assessed]
    rejected = reject_by_holm(p, (1 - rules.level) / 2)
    failed = {id(item) for item, fails in zip(assessed, rejected, strict=True) if fails}
    return [_judge_comparison(item, id(item) in failed, rules) for item in compared]


def is_assessable(item: Comparison, rules: VerdictRules) -> bool:
    """Whether there are enough people on both sides, and a figure at all."""
    return min(item.n, item.reference_n) >= rules.smallest_denominator and not math.isnan(item.value)


def _judge_comparison(item: Comparison, failed: bool, rules: VerdictRules) -> str:
    if not item.limit.gated:
        return "reported"
    if not is_assessable(item, rules):
        return "not assessable"
    if failed:
        return "fail"
    complies = item.limit.is_kept_by(item.low, item.high)
    return "pass" if complies and item.undisclosed <= rules.undisclosed_no_pass else "insufficient"


def _build_findings(
    counts: PeopleCounts,
    keys: Sequence[AttributeKey],
    policy: FairnessPolicy,
    rules: VerdictRules,
    waivers: Mapping[str, Waiver] | None,
    gates: bool,
) -> list[dict[str, Any]]:
    """One finding per comparison. `waivers` None: in short, for cells of pairs, of which there are very many."""
    compared = [item for key in keys for item in compare_groups(counts, key, policy, rules.level)]
    by_finding = {waiver.finding: (file, waiver) for file, waiver in (waivers or {}).items()}
    findings = []
    for item, verdict in zip(compared, judge_comparisons(compared, rules), strict=True):
        file, waiver = by_finding.get((item.attribute, item.group, item.measure), (None, None))
        act = choose_action(item, verdict, rules) if gates else "warn" if verdict == "fail" else "nothing"
        waived = waiver is not None and verdict == "insufficient" and act == "block"
        finding = {
            "attribute": item.attribute,
            "group": item.group,
            "measure": item.measure,
            "value": encode_number(item.value),
            "interval": None if math.isnan(item.value) else [encode_number(item.low), encode_number(item.high)],
            "people": item.n,
            "verdict": verdict,
            "warn": waived or act == "warn",
            "blocks": act == "block" and not waived,
            "reason": explain_verdict(item, verdict, rules),
            **(estimate_more_people(item) if verdict == "insufficient" and waivers is not None else {}),
        }
        if waiver is not None:
            finding["waiver"] = {
                "file": file,
                "used": waived,
                **waiver.model_dump(mode="json", include=_REPORTED_FIELDS),
            }
        findings.append(finding)
    return findings


_REPORTED_FIELDS = {"who", "why", "until"}


def choose_action(item: Comparison, verdict: str, rules: VerdictRules) -> str:
    """What follows from a verdict that gates: block, warn or nothing."""
    if verdict == "fail":
        return "block"
    if verdict == "insufficient":
        within = item.limit.is_kept_by(item.value, item.value)
        return rules.insufficient_within if within else rules.insufficient_beyond
    if verdict == "not assessable" and item.group == UNDISCLOSED and not item.total:
        return "nothing"
    few = min(item.n, item.reference_n) < rules.smallest_denominator
    if verdict == "not assessable":
        return rules.not_assessable if few else "block"  # a figure that is missing in spite of the people fails
    return "warn" if item.limit.has_warning_at(item.value) and not few else "nothing"


def _judge_disclosure(counts: PeopleCounts, key: AttributeKey, rules: VerdictRules) -> dict[str, Any]:
    """How many people did not say, and what follows."""
    share = compute_undisclosed_share(counts, key)
    follows = ""
    if share > rules.undisclosed_warn:
        follows = f"more than {rules.undisclosed_warn:.0%}: the figures may not show how people are treated"
    if share > rules.undisclosed_no_pass:
        follows = f"more than {rules.undisclosed_no_pass:.0%}: nothing by this attribute can pass"
    text = f"{share:.1%} of the rows do not disclose {key[0]}" + (f", {follows}" if follows else "")
    return {"attribute": key[0], "share": encode_number(share), "warn": bool(follows), "reason": text}

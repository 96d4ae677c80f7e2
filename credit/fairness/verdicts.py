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
from credit.fairness.comparisons import Comparison, comparisons, holm
from credit.fairness.counts import Counts, Key, number, undisclosed_share
from credit.fairness.metrics import FIGURES
from credit.fairness.policies import Policy, Rules
from credit.fairness.waivers import Waiver, check_waivers
from credit.fairness.wording import more_people, reason

WORST_FIRST = ("fail", "insufficient", "not assessable", "pass", "reported")
RATIO = "adverse_impact_ratio"


def worst(verdicts: Sequence[str]) -> str:
    """The verdict of many: it passes only if each does. `reported` where nothing has a limit."""
    return min(verdicts, key=WORST_FIRST.index, default="reported")


def by_attribute(findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
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
        attributes[name] = {"verdict": worst(counted), "blocks": blocks, "not_assessable": list(small)}
    return attributes


def lowest_ratio(counts: Counts, level: float, smallest_denominator: int) -> dict[str, Any] | None:
    """The lowest adverse impact ratio of a single attribute's group, its interval, and whose it is.

    Groups, and references, of fewer than `smallest_denominator` people are left aside; None where no other is left.
    """
    lowest = None
    for key in counts.attributes:
        value, low, high, n = FIGURES[RATIO](*counts.cells(key), level)
        enough = ~np.isnan(value) & (n >= smallest_denominator) & (n[0] >= smallest_denominator)
        for cell in np.flatnonzero(enough):
            if lowest is None or value[cell] < lowest["value"]:
                lowest = {
                    "value": float(value[cell]),
                    "interval": [number(low[cell]), number(high[cell])],
                    "attribute": key[0],
                    "group": counts.names(key)[cell],
                    "people": int(n[cell]),
                }
    return lowest


def decide(
    counts: Counts, policy: Policy, rules: Rules, candidate: str, waivers: Mapping[str, Waiver], today: date
) -> dict[str, Any]:
    """Judge one candidate: JSON-ready findings, whether they block it, and what to know of undisclosed people.

    `waivers` by file; those of other candidates are ignored. Raises CreditError for an expired or unmatched waiver.
    """
    mine = {file: waiver for file, waiver in waivers.items() if waiver.candidate == candidate}
    check_waivers(mine, [candidate], counts, policy, today)
    both = policy.gates == "pairs"
    gating = [*counts.attributes, *(counts.pairs if both else [])]
    findings = _findings(counts, gating, policy, rules, mine, policy.gates != "nothing")
    pairs = _findings(counts, [] if both else counts.pairs, policy.gated, rules, None, False)
    attributes = by_attribute(findings)
    for key in counts.attributes:
        told = attributes.setdefault(key[0], {"verdict": "reported", "blocks": False, "not_assessable": []})
        if told["verdict"] == "reported" and policy.gated.limits:
            told["verdict"] = "not assessable"  # there are limits, and nobody to compare: the attribute has one group
    return {
        "candidate": candidate,
        "verdict": worst([told["verdict"] for told in attributes.values()]),
        "blocks": any(told["blocks"] for told in attributes.values()),
        "level": rules.level,
        "lowest_adverse_impact_ratio": lowest_ratio(counts, rules.level, rules.smallest_denominator),
        "attributes": attributes,
        "verdicts": dict(Counter(item["verdict"] for item in findings)),
        "findings": findings,
        "pairs": pairs,
        "undisclosed": [_undisclosed(counts, key, rules) for key in counts.attributes],
    }


def verdicts_of(compared: Sequence[Comparison], rules: Rules) -> list[str]:
    """The verdict of each comparison; they are one family, in which fails are corrected together."""
    assessed = [item for item in compared if item.limit.gated and assessable(item, rules)]
    p = [item.p if item.limit.broken(item.low, item.high) else 1.0 for item in assessed]
    rejected = holm(p, (1 - rules.level) / 2)
    failed = {id(item) for item, fails in zip(assessed, rejected, strict=True) if fails}
    return [_verdict(item, id(item) in failed, rules) for item in compared]


def assessable(item: Comparison, rules: Rules) -> bool:
    """Whether there are enough people on both sides, and a figure at all."""
    return min(item.n, item.reference_n) >= rules.smallest_denominator and not math.isnan(item.value)


def _verdict(item: Comparison, failed: bool, rules: Rules) -> str:
    if not item.limit.gated:
        return "reported"
    if not assessable(item, rules):
        return "not assessable"
    if failed:
        return "fail"
    complies = item.limit.holds(item.low, item.high)
    return "pass" if complies and item.undisclosed <= rules.undisclosed_no_pass else "insufficient"


def _findings(
    counts: Counts, keys: Sequence[Key], policy: Policy, rules: Rules, waivers: Mapping[str, Waiver] | None, gates: bool
) -> list[dict[str, Any]]:
    """One finding per comparison. `waivers` None: in short, for cells of pairs, of which there are very many."""
    compared = [item for key in keys for item in comparisons(counts, key, policy, rules.level)]
    by_finding = {waiver.finding: (file, waiver) for file, waiver in (waivers or {}).items()}
    findings = []
    for item, verdict in zip(compared, verdicts_of(compared, rules), strict=True):
        file, waiver = by_finding.get((item.attribute, item.group, item.measure), (None, None))
        act = action(item, verdict, rules) if gates else "warn" if verdict == "fail" else "nothing"
        waived = waiver is not None and verdict == "insufficient" and act == "block"
        finding = {
            "attribute": item.attribute,
            "group": item.group,
            "measure": item.measure,
            "value": number(item.value),
            "interval": None if math.isnan(item.value) else [number(item.low), number(item.high)],
            "people": item.n,
            "verdict": verdict,
            "warn": waived or act == "warn",
            "blocks": act == "block" and not waived,
            "reason": reason(item, verdict, rules),
            **(more_people(item) if verdict == "insufficient" and waivers is not None else {}),
        }
        if waiver is not None:
            finding["waiver"] = {"file": file, "used": waived, **waiver.model_dump(mode="json", include=_SHOWN)}
        findings.append(finding)
    return findings


_SHOWN = {"who", "why", "until"}


def action(item: Comparison, verdict: str, rules: Rules) -> str:
    """What follows from a verdict that gates: block, warn or nothing."""
    if verdict == "fail":
        return "block"
    if verdict == "insufficient":
        within = item.limit.holds(item.value, item.value)
        return rules.insufficient_within if within else rules.insufficient_beyond
    if verdict == "not assessable" and item.group == UNDISCLOSED and not item.total:
        return "nothing"
    few = min(item.n, item.reference_n) < rules.smallest_denominator
    if verdict == "not assessable":
        return rules.not_assessable if few else "block"  # a figure that is missing in spite of the people fails
    return "warn" if item.limit.warns(item.value) and not few else "nothing"


def _undisclosed(counts: Counts, key: Key, rules: Rules) -> dict[str, Any]:
    """How many people did not say, and what follows."""
    share = undisclosed_share(counts, key)
    follows = ""
    if share > rules.undisclosed_warn:
        follows = f"more than {rules.undisclosed_warn:.0%}: the figures may not show how people are treated"
    if share > rules.undisclosed_no_pass:
        follows = f"more than {rules.undisclosed_no_pass:.0%}: nothing by this attribute can pass"
    text = f"{share:.1%} of the rows do not disclose {key[0]}" + (f", {follows}" if follows else "")
    return {"attribute": key[0], "share": number(share), "warn": bool(follows), "reason": text}

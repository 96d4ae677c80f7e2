"""Explain a verdict in one sentence of plain words, with the numbers that it rests on."""

import math

from credit.fairness.group_comparison import Comparison
from credit.fairness.metrics import GROUP_METRICS
from credit.fairness.policies import VerdictRules
from credit.fairness.verdicts import is_small
from credit.reports.fairness import Verdict, WorstCase
from credit.reports.figures import GroupLabels, label_group

_DENOMINATORS = {
    "selection_rate": "people",
    "base_rate": "people",
    "referral_rate": "people",
    "true_positive_rate": "people with a favourable outcome",
    "false_positive_rate": "people with an unfavourable outcome",
    "precision": "approved people",
    "bad_rate": "approved people",
    "adverse_impact_ratio": "people",
    "equalized_odds_difference": "people of the rarer outcome",
}


def explain_verdict(item: Comparison, verdict: Verdict, rules: VerdictRules) -> str:
    """Explain a verdict in one sentence."""
    who = f"{item.attribute} {item.group_words}"
    if not item.has_value or (verdict == "not assessable" and not item.is_beyond):
        return f"{who}: {_explain_missing(item, rules)}."
    metric = f"{who}: {_describe_metric(item)}"
    if verdict == "reported":
        apart = ", which stands out" if item.limit.has_warning_at(item.value) else ""
        return f"{metric}; reported, without a limit{apart}."
    interval = f"the {item.level:.0%} interval, {_format_bounds(item)},"
    limit = f"the limit of {item.limit}"
    if verdict == "pass":
        close = " though the figure itself is beyond the warning level" if item.limit.has_warning_at(item.value) else ""
        return f"{metric}; the whole of {interval} keeps {limit}{',' if close else ''}{close}."
    if verdict == "fail" and is_small(item, rules):
        return f"{metric}; beyond {limit}, also by an exact test of so few people."
    if verdict == "fail":
        return f"{metric}; the whole of {interval} is beyond {limit}."
    if verdict == "unequal":
        return f"{metric}; beyond {limit}, and a candidate that treats everybody alike would hardly come to this."
    if verdict == "not assessable":
        return f"{metric}; beyond {limit}, but {_explain_missing(item, rules)}."
    if item.is_beyond:
        return f"{metric}; beyond {limit}, but {interval} and the number of comparisons leave room for chance."
    if item.limit.is_kept_by(item.low, item.high):
        hidden = f"{item.undisclosed:.0%} of the rows do not disclose {item.attribute}"
        return f"{metric}; {interval} keeps {limit}, but {hidden}."
    return f"{metric}; {interval} reaches to both sides of {limit}, so the data do not decide."


def explain_undisclosed(
    attribute: str, share: float, worst: WorstCase | None, rules: VerdictRules, labels: GroupLabels
) -> str:
    """Explain in a sentence how many people do not disclose an attribute, and what they may hide."""
    follows = ""
    if share > rules.undisclosed_warn:
        follows = f", more than {rules.undisclosed_warn:.0%}: the figures may not show how people are treated"
    if share > rules.undisclosed_no_pass:
        follows = f", more than {rules.undisclosed_no_pass:.0%}: nothing by this attribute can pass"
    bound = ""
    if worst is not None:
        all_of, of = (label_group(labels, attribute, group) for group in (worst.group, worst.of_group))
        bound = f"; were all of them {all_of}, the verdict would be {worst.verdict}"
        if worst.value is not None:
            bound += f" ({_format_measure(worst.measure)} of {of} {worst.value:.3f})"
    return f"{share:.1%} of the rows do not disclose {attribute.replace('_', ' ')}{follows}{bound}"


def _describe_metric(item: Comparison) -> str:
    rate = item.rate
    value = f"{_format_measure(item.measure)} {item.value:.3f}"
    if rate is None:
        return value if item.measure in GROUP_METRICS else f"{value} against {item.reference_words}"
    count, n = rate.count_cases(item.people)
    own = f"{count[1]:,} of {n[1]:,}"
    if item.measure in GROUP_METRICS:
        return f"{value} ({own})"
    return f"{value} ({own}, against {count[0]:,} of {n[0]:,} of {item.reference_words})"


def _explain_missing(item: Comparison, rules: VerdictRules) -> str:
    about = _DENOMINATORS.get(
        item.measure.removesuffix("_difference"), _DENOMINATORS.get(item.measure, "people with a score")
    )
    if item.n < rules.smallest_denominator:
        return f"{_format_measure(item.measure)} needs {rules.smallest_denominator} {about}, the group has {item.n:,}"
    if item.reference_n < rules.smallest_denominator:
        least = rules.smallest_denominator
        measure = _format_measure(item.measure)
        return f"{measure} needs {least} {about}, the reference {item.reference_words} has {item.reference_n:,}"
    if item.measure == "adverse_impact_ratio":
        return f"nobody of the reference {item.reference_words} is approved, so there is no adverse impact ratio"
    return f"there is no {_format_measure(item.measure)}, all scores are the same"


def _format_bounds(item: Comparison) -> str:
    high = f"{item.high:.3f}" if math.isfinite(item.high) else "no upper bound"
    return f"{item.low:.3f} to {high}"


def _format_measure(measure: str) -> str:
    return measure.replace("_", " ")

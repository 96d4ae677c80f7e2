"""The results of two revisions: quality, gates and equal treatment, base beside head."""

from typing import Any

from credit.reports.fairness import FairnessReport, Verdict
from credit.reports.figures import ADVERSE_IMPACT_RATIO, split_group_key
from release.repository.reports import RevisionReports

SHOWN_METRICS = (
    "roc_auc", "ks", "brier", "calibration_error", "approval_rate", "referral_rate", "bad_rate", "expected_value",
)  # fmt: skip
"""Figures of reports/metrics.json, in the order in which they are shown."""


def compare_metrics(base: RevisionReports, head: RevisionReports) -> list[dict[str, Any]]:
    """Compare metrics: a row per candidate and figure, each candidate beside itself."""
    names = dict.fromkeys([*head.metrics, *base.metrics])
    return [{"candidate": name, **row} for name in names for row in compare_candidate_metrics(base, head, name, name)]


def compare_candidate_metrics(
    base: RevisionReports, head: RevisionReports, before: str | None, after: str | None
) -> list[dict[str, Any]]:
    """Compare a candidate of each, a row per figure. `beyond_noise`: the old value lies outside the new interval."""
    old, new = base.metrics.get(before or ""), head.metrics.get(after or "")
    rows = []
    for figure in SHOWN_METRICS:
        then, now = (of.get_value(figure) if of else None for of in (old, new))
        interval = new.get_interval(figure) if new else None
        low, high = interval or (None, None)
        outside = then is not None and ((low is not None and then < low) or (high is not None and then > high))
        rows.append(
            {
                "figure": figure,
                "base": then,
                "head": now,
                "change": None if then is None or now is None else now - then,
                "interval": interval,
                "beyond_noise": outside and now is not None,
            }
        )
    return rows


def compare_candidates(base: RevisionReports, head: RevisionReports) -> list[dict[str, Any]]:
    """Compare candidates, a row each: whether they pass, ratio and reasons, each a pair of base and head."""
    chosen = [side.choice.candidates if side.choice else {} for side in (base, head)]
    rows = []
    for name in dict.fromkeys([*chosen[1], *chosen[0]]):
        gated = [of.get(name) for of in chosen]
        metrics = [side.metrics.get(name) for side in (base, head)]
        fairness = [side.fairness.get(name) for side in (base, head)]
        ratios = [report.lowest_adverse_impact_ratio if report else None for report in fairness]
        rows.append(
            {
                "candidate": name,
                "passes": [one.passes if one else None for one in gated],
                "verdict": [report.verdict if report else None for report in fairness],
                "roc_auc": [figures.roc_auc if figures else None for figures in metrics],
                "lowest_ratio": [ratio.model_dump(mode="json") if ratio else None for ratio in ratios],
            }
        )
    return rows


def compare_fairness(
    base: RevisionReports, head: RevisionReports, before: str | None, after: str | None
) -> list[dict[str, Any]]:
    """Compare the fairness of a candidate of each, a row per group of a single attribute."""
    old, new = base.fairness.get(before or ""), head.fairness.get(after or "")
    reports = [report for report in (new, old) if report]
    verdicts = [_find_ratio_verdicts(report) for report in (old, new)]
    attributes = reports[0].attributes if reports else {}
    rows = []
    for name in dict.fromkeys(name for report in reports for name in report.groups):
        attribute, group = split_group_key(name)
        if attribute not in attributes:
            continue  # a pair of attributes
        of = [report.groups.get(name) if report else None for report in (old, new)]
        rows.append(
            {
                "attribute": attribute,
                "group": group,
                "people": of[1].people if of[1] else None,
                "selection_rate": [one.selection_rate if one else None for one in of],
                "ratio": [one.adverse_impact_ratio if one else None for one in of],
                "intervals": [one.adverse_impact_ratio_interval if one else None for one in of],
                "verdicts": [verdict.get((attribute, group)) for verdict in verdicts],
            }
        )
    return rows


def _find_ratio_verdicts(report: FairnessReport | None) -> dict[tuple[str, str], Verdict]:
    findings = report.findings if report else ()
    return {(one.attribute, one.group): one.verdict for one in findings if one.measure == ADVERSE_IMPACT_RATIO}

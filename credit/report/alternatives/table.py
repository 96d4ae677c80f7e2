"""The table of the search for a less discriminatory alternative: the marked points and those of the frontier."""

import math
from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.formatting import (
    DASH,
    MetricText,
    format_interval,
    format_number,
    format_percent,
    format_setting,
    spell_out,
)
from credit.report.alternatives.picture import place_points, trace_edge
from credit.report.results import Results
from credit.reports.alternatives import Mark, Point
from credit.reports.figures import ADVERSE_IMPACT_RATIO, split_group_key

MARK_LABELS: dict[Mark, str] = {
    "champion": "goes forward",
    "candidate": "as trained",
    "alternative": "fairest within the tolerated loss",
    "within_limits": "best within every limit",
}
MOST_ROWS = 10
"""Of the points on the frontier, those that are listed."""


class AlternativeRow(NamedTuple):
    """One point of the table. `mark` is empty where it only lies on the frontier."""

    words: str
    mark: str
    quality: str
    auc: str
    approval: str
    ratio: MetricText
    whom: str
    limits: str
    """Whether every gated figure is within its limit; else those that are not."""


def build_alternatives_table(results: Results) -> tuple[AlternativeRow, ...]:
    """Build the table: the marked points first, then those on the drawn frontier, by how much alike they treat groups.

    Of the frontier those that are no worse than every marked point, `MOST_ROWS` of them evenly; that of all limits
    together is in the file.
    """
    report = results.alternatives
    plotted = place_points(report)
    edge = set(trace_edge([(one.ratio, one.quality) for one in plotted]))
    least = min((one.quality for one in plotted if one.point.mark), default=-math.inf)
    drawn = [
        one.point for one in plotted if not one.point.mark and (one.ratio, one.quality) in edge and one.quality >= least
    ]
    marked = [point for point in report.points if point.mark]
    ordered = sorted(drawn, key=lambda point: -(point.adverse_impact_ratio or 0))
    if len(ordered) > MOST_ROWS:
        ordered = [ordered[round(place * (len(ordered) - 1) / (MOST_ROWS - 1))] for place in range(MOST_ROWS)]
    return tuple(_build_alternative_row(point, report.metric, results) for point in [*marked, *ordered])


def label_mark(point: Point, incumbent: str) -> str:
    """Label what a point stands for, and whether it is the incumbent as trained; empty without a mark."""
    if point.mark is None:
        return ""
    words = MARK_LABELS[point.mark]
    if point.mark == "within_limits" and point.blocked is not None and point.blocked < 0.5:
        return f"{words}, mostly let through"
    is_incumbent = point.mark in ("champion", "candidate") and point.candidate == incumbent
    return f"{words}, the incumbent" if is_incumbent else words


def describe_alternative(point: Point) -> str:
    """Describe a point by its candidate and hyperparameters."""
    hyperparameters = [f"{spell_out(name)} {format_setting(value)}" for name, value in point.hyperparameters.items()]
    share = point.approval_share
    return ", ".join(
        [
            label_candidate(point.candidate),
            *hyperparameters,
            *([f"approving {share:.1%}".replace(".0%", "%")] if share is not None else []),
        ]
    )


def _build_alternative_row(point: Point, metric: str, results: Results) -> AlternativeRow:
    return AlternativeRow(
        describe_alternative(point),
        label_mark(point, results.choice.incumbent),
        format_number(point.get_value(metric)),
        format_number(point.roc_auc),
        format_percent(point.approval_rate),
        MetricText(format_number(point.adverse_impact_ratio), format_interval(point.adverse_impact_ratio_interval)),
        results.name_group(*split_group_key(point.group)) if point.group else DASH,
        describe_limits(point, results),
    )


def describe_limits(point: Point, results: Results) -> str:
    """Describe which gated figures of a point are beyond their limits; `within` where none is."""
    beyond = [
        "ratio"  # beside it in the table
        if one.measure == ADVERSE_IMPACT_RATIO
        else f"{spell_out(one.measure)} {format_number(one.value)}, {results.name_group(*split_group_key(one.group))}"
        for one in point.gated
        if not one.within
    ]
    return ("beyond: " + "; ".join(beyond)) if beyond else "within" if point.gated else DASH

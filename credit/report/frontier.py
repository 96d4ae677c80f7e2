"""The search for a less discriminatory alternative: its frontier of quality against equal treatment, and a table."""

from collections.abc import Sequence
from typing import NamedTuple

from credit.common.formatting import (
    DASH,
    MetricText,
    format_interval,
    format_number,
    format_percent,
    spell_out,
)
from credit.report.forest import list_limit_values
from credit.report.results import Results
from credit.report.svg import (
    BOTTOM,
    CANDIDATE_SHAPES,
    LEFT,
    RIGHT,
    TOP,
    Picture,
    PlotDot,
    PlotLabel,
    PlotLine,
    draw_horizontal,
    draw_path,
    draw_vertical,
    fit_scale,
)
from credit.reports.alternatives import AlternativesReport, Mark, Point
from credit.reports.base import Setting
from credit.reports.figures import ADVERSE_IMPACT_RATIO, split_group_key

MARK_LABELS: dict[Mark, str] = {"champion": "goes forward", "candidate": "as trained", "alternative": "suggested"}


class AlternativeRow(NamedTuple):
    """One point of the table. `mark` is empty where it only lies on the frontier."""

    words: str
    mark: str
    quality: str
    auc: str
    approval: str
    ratio: MetricText
    whom: str


def build_alternatives_table(results: Results) -> tuple[AlternativeRow, ...]:
    """Build the table: the marked points first, then those on the frontier, by how much alike they treat groups."""
    report = results.alternatives
    chosen = [point for point in report.points if point.mark or point.on_frontier]
    ordered = sorted(chosen, key=lambda point: (not point.mark, -(point.adverse_impact_ratio or 0)))
    return tuple(_build_alternative_row(point, report.metric, results) for point in ordered)


def describe_alternative(point: Point) -> str:
    """Describe a point by its candidate and hyperparameters."""
    hyperparameters = [f"{spell_out(name)} {_format_setting(value)}" for name, value in point.hyperparameters.items()]
    share = point.approval_share
    return ", ".join(
        [spell_out(point.candidate), *hyperparameters, *([f"approving {share:.0%}"] if share is not None else [])]
    )


def _format_setting(value: Setting) -> str:
    number_ = isinstance(value, int | float) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:g}" if number_ else str(value)


def _build_alternative_row(point: Point, metric: str, results: Results) -> AlternativeRow:
    return AlternativeRow(
        describe_alternative(point),
        MARK_LABELS[point.mark] if point.mark else "",
        format_number(point.get_value(metric)),
        format_number(point.roc_auc),
        format_percent(point.approval_rate),
        MetricText(format_number(point.adverse_impact_ratio), format_interval(point.adverse_impact_ratio_interval)),
        results.name_group(*split_group_key(point.group)) if point.group else DASH,
    )


class LegendEntry(NamedTuple):
    """The meaning of a letter in the picture."""

    letter: str
    kind: str
    shape: str
    words: str


class Frontier(NamedTuple):
    """The search: its finding in words, the picture (None where there is no point to draw), and the table."""

    description: str
    command: str
    point_count: int
    metric: str
    tolerated: str
    limit: str
    picture: Picture | None
    keys: tuple[LegendEntry, ...]
    points: tuple[AlternativeRow, ...]


def describe_frontier(results: Results) -> Frontier:
    """Describe the search from `reports/alternatives.json`."""
    report = results.alternatives
    limit = results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    plotted = _place_points(report)
    return Frontier(
        report.finding,
        report.command or "",
        len(report.points),
        spell_out(report.metric),
        format_number(report.tolerated_loss),
        str(limit or ""),
        _draw_frontier(report, plotted, list_limit_values(limit)) if plotted else None,
        _build_legend(plotted),
        build_alternatives_table(results),
    )


class PlottedPoint(NamedTuple):
    """A point that has both figures."""

    ratio: float
    quality: float
    point: Point


def _place_points(report: AlternativesReport) -> list[PlottedPoint]:
    return [
        PlottedPoint(ratio, quality, point)
        for point in report.points
        if (ratio := point.adverse_impact_ratio) is not None and (quality := point.get_value(report.metric)) is not None
    ]


def _choose_shape(point: Point) -> str:
    return "diamond" if point.mark == "alternative" else CANDIDATE_SHAPES.get(point.candidate, "circle")


def _build_legend(plotted: Sequence[PlottedPoint]) -> tuple[LegendEntry, ...]:
    marked = [(one, one.point.mark) for one in plotted if one.point.mark]
    return tuple(
        LegendEntry(
            chr(ord("A") + place),
            f"marked {mark}",
            _choose_shape(one.point),
            f"{describe_alternative(one.point)}, {MARK_LABELS[mark]}: "
            f"{format_number(one.quality)} at ratio {format_number(one.ratio)}",
        )
        for place, (one, mark) in enumerate(marked)
    )


def _draw_frontier(report: AlternativesReport, plotted: Sequence[PlottedPoint], limits: Sequence[float]) -> Picture:
    x = fit_scale([*(one.ratio for one in plotted), *limits], LEFT, RIGHT)
    y = fit_scale([one.quality for one in plotted], BOTTOM, TOP)

    def dot(one: PlottedPoint, kind: str) -> PlotDot:
        return PlotDot(kind, _choose_shape(one.point), x.place(one.ratio), y.place(one.quality))

    edge = sorted((one.ratio, one.quality) for one in plotted if one.point.on_frontier)
    marked = [dot(one, f"marked {one.point.mark}") for one in plotted if one.point.mark]
    best = max((one.quality for one in plotted if one.point.mark in ("champion", "candidate")), default=None)
    floor = [] if best is None else [best - report.tolerated_loss]
    return Picture(
        "frontier",
        f"{spell_out(report.metric)} against equal treatment",
        _describe_picture(plotted, edge, limits, report.metric),
        "worst-group adverse impact ratio",
        spell_out(report.metric),
        x.choose_ticks(),
        y.choose_ticks(),
        (
            *(PlotLine("limit", draw_vertical(x, end)) for end in limits),
            *(PlotLine("floor", draw_horizontal(y, value)) for value in floor if y.low < value < y.high),
            PlotLine("edge", draw_path(x, y, edge)),
        ),
        (*(dot(one, "tried") for one in plotted if not one.point.mark), *marked),
        place_letters(marked),
    )


def _describe_picture(
    plotted: Sequence[PlottedPoint], edge: Sequence[tuple[float, float]], limits: Sequence[float], metric: str
) -> str:
    ends = [f"{format_number(quality)} at ratio {format_number(ratio)}" for ratio, quality in edge]
    runs = f"; the frontier runs from {ends[0]} to {ends[-1]}" if ends else ""
    limit = f" The limit is {limits[0]:g}." if limits else ""
    keys = "; ".join(f"{key.letter} {key.words}" for key in _build_legend(plotted))
    return f"{spell_out(metric)} of {len(plotted)} points{runs}.{limit} {keys}."


def place_letters(dots: Sequence[PlotDot], apart: float = 17) -> tuple[PlotLabel, ...]:
    """Place letters A, B, C and on: one beside each dot, in the order of `dots`, none over another."""
    labels: dict[int, PlotLabel] = {}
    for number, dot in sorted(enumerate(dots), key=lambda pair: (pair[1].y, pair[1].x)):
        x = round(dot.x + 22 if dot.x + 34 < RIGHT else dot.x - 30, 1)
        y = max(dot.y - 2, TOP + 10.0)
        for other in sorted(labels.values(), key=lambda label: label.y):
            if abs(other.x - x) < apart * 2 and abs(other.y - y) < apart:
                y = other.y + apart
        labels[number] = PlotLabel(chr(ord("A") + number), x, round(y, 1), (dot.x, dot.y))
    return tuple(labels[number] for number in range(len(dots)))

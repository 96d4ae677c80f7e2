"""The search for a less discriminatory alternative: its frontier of quality against equal treatment, and a table."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.formatting import (
    DASH,
    MetricText,
    format_interval,
    format_number,
    format_percent,
    join_words,
    spell_out,
)
from credit.report.candidates import spell_out_standout
from credit.report.forest import list_limit_values
from credit.report.results import Results
from credit.report.svg import (
    BOTTOM,
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
    style_candidates,
)
from credit.reports.alternatives import AlternativesReport, Mark, Point
from credit.reports.base import Setting
from credit.reports.figures import ADVERSE_IMPACT_RATIO, split_group_key

MARK_LABELS: dict[Mark, str] = {
    "champion": "goes forward",
    "candidate": "as trained",
    "alternative": "fairest within the tolerated loss",
    "within_limits": "best within every limit",
}


SUGGESTED: tuple[Mark, ...] = ("alternative", "within_limits")


class StandoutTile(NamedTuple):
    """A candidate that is the best by a figure, measured on the people of the search."""

    words: str
    stands_out: str
    ratio: str
    auc: str
    quality: str
    approval: str
    verdict: str


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

    Of the frontier those that are no worse than every marked point; that of all limits together is in the file.
    """
    report = results.alternatives
    plotted = _place_points(report)
    edge = set(trace_edge([(one.ratio, one.quality) for one in plotted]))
    least = min((one.quality for one in plotted if one.point.mark), default=-math.inf)
    drawn = [
        one.point for one in plotted if not one.point.mark and (one.ratio, one.quality) in edge and one.quality >= least
    ]
    marked = [point for point in report.points if point.mark]
    ordered = [*marked, *sorted(drawn, key=lambda point: -(point.adverse_impact_ratio or 0))]
    return tuple(_build_alternative_row(point, report.metric, results) for point in ordered)


def label_mark(point: Point, incumbent: str) -> str:
    """Label what a point stands for, and whether it is the incumbent as trained; empty without a mark."""
    trained = point.mark in ("champion", "candidate")
    return (MARK_LABELS[point.mark] if point.mark else "") + ", the incumbent" * (
        trained and point.candidate == incumbent
    )


def describe_alternative(point: Point) -> str:
    """Describe a point by its candidate and hyperparameters."""
    hyperparameters = [f"{spell_out(name)} {_format_setting(value)}" for name, value in point.hyperparameters.items()]
    share = point.approval_share
    return ", ".join(
        [
            label_candidate(point.candidate),
            *hyperparameters,
            *([f"approving {share:.1%}".replace(".0%", "%")] if share is not None else []),
        ]
    )


def _format_setting(value: Setting) -> str:
    number_ = isinstance(value, int | float) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:g}" if number_ else str(value)


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


class LegendEntry(NamedTuple):
    """The meaning of a letter in the picture."""

    letter: str
    kind: str
    shape: str
    words: str


class TriedEntry(NamedTuple):
    """The shapes of the points without a mark, and the candidates that they belong to."""

    shapes: tuple[str, ...]
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
    tried: TriedEntry
    budget: str
    populations: str
    """On whom this was measured, where it was not the test rows."""
    points: tuple[AlternativeRow, ...]
    standouts: tuple[StandoutTile, ...]


def describe_frontier(results: Results) -> Frontier:
    """Describe the search from `reports/alternatives.json`."""
    report = results.alternatives
    limit = results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    plotted = _place_points(report)
    keys = _build_legend(plotted, results.choice.incumbent)
    return Frontier(
        report.finding,
        report.command or "",
        len(report.points),
        spell_out(report.metric),
        format_number(report.tolerated_loss),
        str(limit or ""),
        _draw_frontier(report, plotted, list_limit_values(limit), keys) if plotted else None,
        keys,
        _describe_tried(plotted),
        describe_budget(report),
        describe_populations(results),
        build_alternatives_table(results),
        _describe_standouts(results),
    )


def describe_populations(results: Results) -> str:
    """Describe on whom the search was measured, and where the test rows rank the candidates otherwise."""
    report = results.alternatives
    tested = next(iter(results.metrics.values())).rows
    if report.predictions == "test rows":
        return ""
    told = (
        f"These figures are about {report.rows:,} people {report.predictions}, by models of the folds; the quality of "
        f"the candidates above is about {tested:,} test rows, by the models that are packaged."
    )
    values = {name: point.get_value(report.metric) for name, point in _list_trained(report).items()}
    by_folds = {name: round(value, 3) for name, value in values.items() if value is not None}
    tested_values = {name: results.metrics[name].get_value(report.metric) for name in by_folds}
    by_test = {name: round(value, 3) for name, value in tested_values.items() if value is not None}
    orders = [sorted(by, key=lambda name: -by[name]) for by in (by_test, by_folds)]
    if len(by_test) < len(by_folds) or orders[0] == orders[1]:
        return told
    first, second = (
        join_words([f"{label_candidate(name)} {format_number(by[name])}" for name in order])
        for by, order in zip((by_test, by_folds), orders, strict=True)
    )
    return (
        f"{told} They rank the candidates differently by {spell_out(report.metric)}: {first} on the test rows, "
        f"{second} here, where more people are counted."
    )


def _list_trained(report: AlternativesReport) -> dict[str, Point]:
    return {point.candidate: point for point in report.points if point.mark in ("champion", "candidate")}


def _describe_standouts(results: Results) -> tuple[StandoutTile, ...]:
    report, choice = results.alternatives, results.choice
    trained = _list_trained(report)
    elsewhere = {} if report.predictions == "test rows" else {f"the best {choice.metric}": " on the test rows"}
    return tuple(
        StandoutTile(
            label_candidate(item.candidate),
            " and ".join(spell_out_standout(text) + elsewhere.get(text, "") for text in item.stands_out),
            format_number(point.adverse_impact_ratio),
            format_number(point.roc_auc),
            format_number(point.get_value(report.metric)),
            format_percent(point.approval_rate),
            item.verdict,
        )
        for item in choice.side_by_side
        if (point := trained.get(item.candidate))
    )


def describe_budget(report: AlternativesReport) -> str:
    """Describe the searched models, how figures were averaged, and whether training read protected attributes."""
    families = ", ".join(f"{of.models} of {label_candidate(name)}" for name, of in report.searched.items())
    averaged = f"Figures are means over {report.partitions} partitions into folds." if report.partitions > 1 else ""
    reads = (
        "Training of some read protected attributes; no score does."
        if report.reads_protected
        else "No training read a protected attribute, so none of the models that do were searched."
    )
    return " ".join(one for one in (f"Models: {families}." if families else "", averaged, reads) if one)


class PlottedPoint(NamedTuple):
    """A point that has both figures, and its shape in the picture."""

    ratio: float
    quality: float
    point: Point
    shape: str


def _place_points(report: AlternativesReport) -> list[PlottedPoint]:
    shapes = {name: style.shape for name, style in style_candidates(_list_candidates(report)).items()}
    return [
        PlottedPoint(ratio, quality, point, "diamond" if point.mark in SUGGESTED else shapes[point.candidate])
        for point in report.points
        if (ratio := point.adverse_impact_ratio) is not None and (quality := point.get_value(report.metric)) is not None
    ]


def _list_candidates(report: AlternativesReport) -> list[str]:
    """List the candidates of the points: first those as trained, in the order of the stages."""
    return list(dict.fromkeys(point.candidate for point in report.points))


def _describe_tried(plotted: Sequence[PlottedPoint]) -> TriedEntry:
    shapes = {one.point.candidate: one.shape for one in plotted if not one.point.mark}
    return TriedEntry(tuple(shapes.values()), ", ".join(map(label_candidate, shapes)))


def _build_legend(plotted: Sequence[PlottedPoint], incumbent: str) -> tuple[LegendEntry, ...]:
    marked = [(one, one.point.mark) for one in plotted if one.point.mark]
    return tuple(
        LegendEntry(
            chr(ord("A") + place),
            f"marked {mark}",
            one.shape,
            f"{describe_alternative(one.point)}, {label_mark(one.point, incumbent)}: "
            f"{format_number(one.quality)} at ratio {format_number(one.ratio)}",
        )
        for place, (one, mark) in enumerate(marked)
    )


def _draw_frontier(
    report: AlternativesReport,
    plotted: Sequence[PlottedPoint],
    limits: Sequence[float],
    keys: Sequence[LegendEntry],
) -> Picture:
    x = fit_scale([*(one.ratio for one in plotted), *limits], LEFT, RIGHT)
    y = fit_scale([one.quality for one in plotted], BOTTOM, TOP)

    def dot(one: PlottedPoint, kind: str) -> PlotDot:
        return PlotDot(kind, one.shape, x.place(one.ratio), y.place(one.quality))

    edge = trace_edge([(one.ratio, one.quality) for one in plotted])
    marked = [dot(one, f"marked {one.point.mark}") for one in plotted if one.point.mark]
    best = max((one.quality for one in plotted if one.point.mark in ("champion", "candidate")), default=None)
    floor = [] if best is None else [best - report.tolerated_loss]
    return Picture(
        "frontier",
        f"{spell_out(report.metric)} against equal treatment",
        _describe_picture(plotted, edge, limits, report.metric, keys),
        "worst-group adverse impact ratio",
        spell_out(report.metric),
        x.choose_ticks(),
        y.choose_ticks(),
        (
            *(PlotLine("limit", draw_vertical(x, end)) for end in limits),
            *(PlotLine("floor", draw_horizontal(y, value)) for value in floor if y.low < value < y.high),
            PlotLine("edge", draw_path(x, y, edge)),
        ),
        (*(dot(one, _choose_kind(one.point)) for one in plotted if not one.point.mark), *marked),
        place_letters(marked),
    )


def _choose_kind(point: Point) -> str:
    return "tried within" if point.gated and all(one.within for one in point.gated) else "tried"


def trace_edge(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Trace the points that no other beats in both coordinates, from left to right."""
    edge: list[tuple[float, float]] = []
    for point in sorted(set(points), reverse=True):
        if not edge or point[1] > edge[-1][1]:
            edge.append(point)
    return edge[::-1]


def _describe_picture(
    plotted: Sequence[PlottedPoint],
    edge: Sequence[tuple[float, float]],
    limits: Sequence[float],
    metric: str,
    keys: Sequence[LegendEntry],
) -> str:
    ends = [f"{format_number(quality)} at ratio {format_number(ratio)}" for ratio, quality in edge]
    runs = f"; the frontier runs from {ends[0]} to {ends[-1]}" if ends else ""
    limit = f" The limit is {limits[0]:g}." if limits else ""
    legend = "; ".join(f"{key.letter} {key.words}" for key in keys)
    return f"{spell_out(metric)} of {len(plotted)} points{runs}.{limit} {legend}."


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

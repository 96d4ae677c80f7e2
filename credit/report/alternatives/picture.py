"""The picture of the search: quality against equal treatment, the marked points, the frontier and the limits."""

from collections.abc import Sequence
from typing import NamedTuple

from credit.common.formatting import (
    format_number,
    spell_out,
)
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

SUGGESTED: tuple[Mark, ...] = ("alternative", "within_limits")


class LegendEntry(NamedTuple):
    """The meaning of a letter in the picture."""

    letter: str
    kind: str
    shape: str
    words: str


class PlottedPoint(NamedTuple):
    """A point that has both figures, and its shape in the picture."""

    ratio: float
    quality: float
    point: Point
    shape: str


def place_points(report: AlternativesReport) -> list[PlottedPoint]:
    """Place the points that have both figures, each with the shape of its candidate."""
    shapes = {name: style.shape for name, style in style_candidates(_list_candidates(report)).items()}
    return [
        PlottedPoint(ratio, quality, point, "diamond" if point.mark in SUGGESTED else shapes[point.candidate])
        for point in report.points
        if (ratio := point.adverse_impact_ratio) is not None and (quality := point.get_value(report.metric)) is not None
    ]


def _list_candidates(report: AlternativesReport) -> list[str]:
    """List the candidates of the points: first those as trained, in the order of the stages."""
    return list(dict.fromkeys(point.candidate for point in report.points))


def draw_frontier(
    report: AlternativesReport,
    plotted: Sequence[PlottedPoint],
    limits: Sequence[float],
    keys: Sequence[LegendEntry],
) -> Picture:
    """Draw all points with the frontier, the limits, and the loss that is tolerated."""
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

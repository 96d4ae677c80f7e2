"""The search for a less discriminatory alternative: its frontier of quality against equal treatment, and a table."""

from typing import NamedTuple

from credit.common.formatting import (
    DASH,
    MetricText,
    format_group,
    format_interval,
    format_number,
    format_percent,
    spell_out,
)
from credit.report.forest import ADVERSE_IMPACT_RATIO, list_limit_values
from credit.report.results import Json, Results
from credit.report.svg import (
    BOTTOM,
    CANDIDATE_SHAPES,
    LEFT,
    RIGHT,
    TOP,
    Picture,
    PlotDot,
    PlotLine,
    draw_horizontal,
    draw_path,
    draw_vertical,
    fit_scale,
    place_letters,
)

MARK_LABELS = {"champion": "goes forward", "candidate": "as trained", "alternative": "suggested"}


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
    """The marked points first, then those on the frontier, those that treat groups most alike before others."""
    found, metric = results.alternatives, results.alternatives["metric"]
    chosen = [point for point in found["points"] if point["mark"] or point["on_frontier"]]
    ordered = sorted(chosen, key=lambda point: (not point["mark"], -(point[ADVERSE_IMPACT_RATIO] or 0)))
    return tuple(_build_alternative_row(point, metric) for point in ordered)


def describe_alternative(point: Json) -> str:
    """A point by what was set."""
    knobs = [f"{spell_out(name)} {_format_setting(value)}" for name, value in point["hyperparameters"].items()]
    share = point["approval_share"]
    return ", ".join(
        [spell_out(point["candidate"]), *knobs, *([f"approving {share:.0%}"] if share is not None else [])]
    )


def _format_setting(value: Json) -> str:
    number_ = isinstance(value, int | float) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:g}" if number_ else str(value)


def _build_alternative_row(point: Json, metric: str) -> AlternativeRow:
    attribute, _, name = (point["group"] or "").partition(": ")
    return AlternativeRow(
        describe_alternative(point),
        MARK_LABELS.get(point["mark"], ""),
        format_number(point[metric]),
        format_number(point["roc_auc"]),
        format_percent(point["approval_rate"]),
        MetricText(
            format_number(point[ADVERSE_IMPACT_RATIO]), format_interval(point[f"{ADVERSE_IMPACT_RATIO}_interval"])
        ),
        format_group(attribute, name) if name else DASH,
    )


class LegendEntry(NamedTuple):
    """What a letter in the picture stands for."""

    letter: str
    kind: str
    shape: str
    words: str


class Frontier(NamedTuple):
    """The search: what it found in words, the picture (None where there is no point to draw), and the table."""

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
    """What `reports/alternatives.json` says."""
    found, metric = results.alternatives, results.alternatives["metric"]
    return Frontier(
        found["told"],
        found.get("try") or "",
        len(found["points"]),
        spell_out(metric),
        format_number(found["tolerated_loss"]),
        str(results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO) or ""),
        _draw_frontier(results, metric),
        _build_legend(found["points"], metric),
        build_alternatives_table(results),
    )


def _choose_shape(point: Json) -> str:
    return "diamond" if point["mark"] == "alternative" else CANDIDATE_SHAPES.get(point["candidate"], "circle")


def _has_coordinates(point: Json, metric: str) -> bool:
    return point[ADVERSE_IMPACT_RATIO] is not None and point[metric] is not None


def _build_legend(points: list[Json], metric: str) -> tuple[LegendEntry, ...]:
    marked = [point for point in points if point["mark"] and _has_coordinates(point, metric)]
    return tuple(
        LegendEntry(
            chr(ord("A") + place),
            f"marked {point['mark']}",
            _choose_shape(point),
            f"{describe_alternative(point)}, {MARK_LABELS[point['mark']]}: "
            f"{format_number(point[metric])} at ratio {format_number(point[ADVERSE_IMPACT_RATIO])}",
        )
        for place, point in enumerate(marked)
    )


def _draw_frontier(results: Results, metric: str) -> Picture | None:
    points = [point for point in results.alternatives["points"] if _has_coordinates(point, metric)]
    if not points:
        return None
    limits = list_limit_values(results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO))
    x = fit_scale([*(point[ADVERSE_IMPACT_RATIO] for point in points), *limits], LEFT, RIGHT)
    y = fit_scale([point[metric] for point in points], BOTTOM, TOP)

    def dot(point: Json, kind: str) -> PlotDot:
        return PlotDot(kind, _choose_shape(point), x.place(point[ADVERSE_IMPACT_RATIO]), y.place(point[metric]))

    edge = sorted((p[ADVERSE_IMPACT_RATIO], p[metric]) for p in points if p["on_frontier"])
    marked = [dot(point, f"marked {point['mark']}") for point in points if point["mark"]]
    best = max((p[metric] for p in points if p["mark"] in ("champion", "candidate")), default=None)
    floor = [] if best is None else [best - results.alternatives["tolerated_loss"]]
    return Picture(
        "frontier",
        f"{spell_out(metric)} against equal treatment",
        _describe_picture(points, edge, limits, metric),
        "lowest adverse impact ratio",
        spell_out(metric),
        x.choose_ticks(),
        y.choose_ticks(),
        (
            *(PlotLine("limit", draw_vertical(x, end)) for end in limits),
            *(PlotLine("floor", draw_horizontal(y, value)) for value in floor if y.low < value < y.high),
            PlotLine("edge", draw_path(x, y, edge)),
        ),
        (*(dot(point, "tried") for point in points if not point["mark"]), *marked),
        place_letters(marked),
    )


def _describe_picture(points: list[Json], edge: list[tuple[float, float]], limits: list[float], metric: str) -> str:
    ends = [f"{format_number(quality)} at ratio {format_number(ratio)}" for ratio, quality in edge]
    runs = f"; the frontier runs from {ends[0]} to {ends[-1]}" if ends else ""
    limit = f" The limit is {limits[0]:g}." if limits else ""
    keys = "; ".join(f"{key.letter} {key.words}" for key in _build_legend(points, metric))
    return f"{spell_out(metric)} of {len(points)} points{runs}.{limit} {keys}."

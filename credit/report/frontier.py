"""The search for a less discriminatory alternative: its frontier of quality against equal treatment, and a table."""

from typing import NamedTuple

from credit.common.formatting import DASH, Shown, group, interval, number, percent, words
from credit.report.forest import RATIO, values_of
from credit.report.results import Json, Results
from credit.report.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    SHAPE_OF,
    TOP,
    Dot,
    Line,
    Picture,
    around,
    lettered,
    level_at,
    path,
    upright_at,
)

MARKS = {"champion": "goes forward", "candidate": "as trained", "alternative": "suggested"}


class Point(NamedTuple):
    """One point of the table. `mark` is empty where it only lies on the frontier."""

    words: str
    mark: str
    quality: str
    auc: str
    approval: str
    ratio: Shown
    whom: str


def points_of(results: Results) -> tuple[Point, ...]:
    """The marked points first, then those on the frontier, those that treat groups most alike before others."""
    found, metric = results.alternatives, results.alternatives["metric"]
    chosen = [point for point in found["points"] if point["mark"] or point["on_frontier"]]
    ordered = sorted(chosen, key=lambda point: (not point["mark"], -(point[RATIO] or 0)))
    return tuple(_point(point, metric) for point in ordered)


def name_of(point: Json) -> str:
    """A point by what was set."""
    knobs = [f"{words(name)} {_setting(value)}" for name, value in point["hyperparameters"].items()]
    share = point["approval_share"]
    return ", ".join([words(point["candidate"]), *knobs, *([f"approving {share:.0%}"] if share is not None else [])])


def _setting(value: Json) -> str:
    number_ = isinstance(value, int | float) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:g}" if number_ else str(value)


def _point(point: Json, metric: str) -> Point:
    attribute, _, name = (point["group"] or "").partition(": ")
    return Point(
        name_of(point),
        MARKS.get(point["mark"], ""),
        number(point[metric]),
        number(point["roc_auc"]),
        percent(point["approval_rate"]),
        Shown(number(point[RATIO]), interval(point[f"{RATIO}_interval"])),
        group(attribute, name) if name else DASH,
    )


class Key(NamedTuple):
    """What a letter in the picture stands for."""

    letter: str
    kind: str
    shape: str
    words: str


class Frontier(NamedTuple):
    """The search: what it found in words, the picture (None where there is no point to draw), and the table."""

    told: str
    command: str
    tried: int
    metric: str
    tolerated: str
    limit: str
    picture: Picture | None
    keys: tuple[Key, ...]
    points: tuple[Point, ...]


def frontier(results: Results) -> Frontier:
    """What `reports/alternatives.json` says."""
    found, metric = results.alternatives, results.alternatives["metric"]
    return Frontier(
        found["told"],
        found.get("try") or "",
        len(found["points"]),
        words(metric),
        number(found["tolerated_loss"]),
        str(results.fairness.chosen.limits.get(RATIO) or ""),
        _picture(results, metric),
        _keys(found["points"], metric),
        points_of(results),
    )


def _shape(point: Json) -> str:
    return "diamond" if point["mark"] == "alternative" else SHAPE_OF.get(point["candidate"], "circle")


def _is_drawn(point: Json, metric: str) -> bool:
    return point[RATIO] is not None and point[metric] is not None


def _keys(points: list[Json], metric: str) -> tuple[Key, ...]:
    marked = [point for point in points if point["mark"] and _is_drawn(point, metric)]
    return tuple(
        Key(
            chr(ord("A") + place),
            f"marked {point['mark']}",
            _shape(point),
            f"{name_of(point)}, {MARKS[point['mark']]}: {number(point[metric])} at ratio {number(point[RATIO])}",
        )
        for place, point in enumerate(marked)
    )


def _picture(results: Results, metric: str) -> Picture | None:
    points = [point for point in results.alternatives["points"] if _is_drawn(point, metric)]
    if not points:
        return None
    limits = values_of(results.fairness.chosen.limits.get(RATIO))
    x = around([*(point[RATIO] for point in points), *limits], LEFT, RIGHT)
    y = around([point[metric] for point in points], BOTTOM, TOP)

    def dot(point: Json, kind: str) -> Dot:
        return Dot(kind, _shape(point), x.at(point[RATIO]), y.at(point[metric]))

    edge = sorted((p[RATIO], p[metric]) for p in points if p["on_frontier"])
    marked = [dot(point, f"marked {point['mark']}") for point in points if point["mark"]]
    best = max((p[metric] for p in points if p["mark"] in ("champion", "candidate")), default=None)
    floor = [] if best is None else [best - results.alternatives["tolerated_loss"]]
    return Picture(
        "frontier",
        f"{words(metric)} against equal treatment",
        _told(points, edge, limits, metric),
        "lowest adverse impact ratio",
        words(metric),
        x.ticks(),
        y.ticks(),
        (
            *(Line("limit", upright_at(x, end)) for end in limits),
            *(Line("floor", level_at(y, value)) for value in floor if y.low < value < y.high),
            Line("edge", path(x, y, edge)),
        ),
        (*(dot(point, "tried") for point in points if not point["mark"]), *marked),
        lettered(marked),
    )


def _told(points: list[Json], edge: list[tuple[float, float]], limits: list[float], metric: str) -> str:
    ends = [f"{number(quality)} at ratio {number(ratio)}" for ratio, quality in edge]
    runs = f"; the frontier runs from {ends[0]} to {ends[-1]}" if ends else ""
    limit = f" The limit is {limits[0]:g}." if limits else ""
    keys = "; ".join(f"{key.letter} {key.words}" for key in _keys(points, metric))
    return f"{words(metric)} of {len(points)} points{runs}.{limit} {keys}."

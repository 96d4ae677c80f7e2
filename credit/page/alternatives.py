"""What else was tried, as a table: the marked points and those on the frontier."""

from typing import NamedTuple

from credit.page.forest import RATIO
from credit.page.results import Json, Results
from credit.page.words import DASH, Shown, group, interval, number, percent, words

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

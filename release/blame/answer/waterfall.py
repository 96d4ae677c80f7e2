"""The waterfall of a figure as plain geometry: from the good version to the bad one, a bar for each factor."""

from collections.abc import Iterator
from typing import NamedTuple

from credit.report.svg import Scale, Tick, fit_scale
from release.blame.answer.content import FigureBlame
from release.blame.hybrids.figures import format_change, format_value

WIDTH, LEFT, RIGHT, TOP, ROW = 760, 190, 660, 10, 34


class WaterfallRow(NamedTuple):
    """A bar from `start` to `end`; `low` and `high`: where it may end, over all orders. `kind` is a CSS class."""

    label: str
    value: str
    kind: str
    y: float
    start: float
    end: float
    low: float
    high: float


class Waterfall(NamedTuple):
    """The picture. `band`: from where to where the figure of the good version moves by its seeds."""

    description: str
    height: float
    rows: tuple[WaterfallRow, ...]
    ticks: tuple[Tick, ...]
    band: tuple[float, float]


def draw_waterfall(one: FigureBlame) -> Waterfall:
    """Draw the parts of a figure, the largest first, and the rest."""
    steps = list(_list_steps(one))
    ends = [x for _, _, start, end, low, high in steps for x in (start, end, low, high)]
    scale = fit_scale([*ends, one.good - one.band, one.good + one.band], LEFT, RIGHT)
    rows = tuple(
        WaterfallRow(label, value, kind, TOP + ROW * number, *(scale.place(x) for x in (start, end, low, high)))
        for number, (label, value, start, end, low, high) in enumerate(steps)
        for kind in [_choose_kind(label, start, end)]
    )
    told = ", ".join(f"{row.label} {row.value}" for row in rows)
    band = scale.place(one.good - one.band), scale.place(one.good + one.band)
    height = TOP + ROW * len(rows)
    return Waterfall(f"{one.words}: {told}", height, rows, _choose_ticks(scale), band)


def _list_steps(one: FigureBlame) -> Iterator[tuple[str, str, float, float, float, float]]:
    """List label, value, start, end, and the range of the end."""
    name, at = one.figure, one.good
    yield "good", format_value(name, at), at, at, at, at
    for part in sorted(one.parts, key=lambda part: -abs(part.value)):
        value = format_change(name, part.value)
        yield part.factor, value, at, at + part.value, at + part.lowest, at + part.highest
        at += part.value
    if abs(one.remainder) > 1e-9:
        yield "the rest", format_change(name, one.remainder), at, one.bad, one.bad, one.bad
    yield "bad", format_value(name, one.bad), one.bad, one.bad, one.bad, one.bad


def _choose_kind(label: str, start: float, end: float) -> str:
    if label in ("good", "bad"):
        return "end"
    return "rest" if label == "the rest" else "down" if end < start else "up"


def _choose_ticks(scale: Scale) -> tuple[Tick, ...]:
    return scale.choose_ticks()

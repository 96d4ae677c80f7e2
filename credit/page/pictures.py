"""Pictures as plain geometry: a template draws them as SVG, in the page's own font and colours.

Each is 400 wide, so that its text stays readable on a phone. `kind` of lines and dots is a CSS class.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from credit.page.scale import Scale, Tick

WIDTH, HEIGHT = 400, 290
LEFT, RIGHT, TOP, BOTTOM = 46, 388, 12, 244
SHAPES = {
    "circle": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "square": "M-4,-4H4V4H-4Z",
    "triangle": "M0,-5L5,4H-5Z",
    "diamond": "M0,-6L6,0L0,6L-6,0Z",
}
SHAPE_OF = {"heuristic": "square", "logistic": "triangle", "random_forest": "circle"}


class Line(NamedTuple):
    """A path."""

    kind: str
    path: str


class Dot(NamedTuple):
    """A mark, with a whisker from `low` to `high` if they are given."""

    kind: str
    shape: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Label(NamedTuple):
    """Words or a letter in a picture. With `to`, a thin line leads to that point."""

    text: str
    x: float
    y: float
    to: tuple[float, float] | None = None


class Picture(NamedTuple):
    """One picture. `told` says what it shows in words and numbers, for those who do not see it."""

    name: str
    title: str
    told: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    labels: tuple[Label, ...] = ()


def across(low: float = 0.0, high: float = 1.0) -> Scale:
    """A horizontal axis."""
    return Scale(low, high, LEFT, RIGHT)


def upright(low: float = 0.0, high: float = 1.0) -> Scale:
    """A vertical axis."""
    return Scale(low, high, BOTTOM, TOP)


def path(x: Scale, y: Scale, points: Iterable[tuple[float, float]]) -> str:
    """The way through some points; empty without any."""
    places = [f"{x.at(across):g},{y.at(up):g}" for across, up in points]
    return f"M{'L'.join(places)}" if places else ""


def upright_at(x: Scale, value: float) -> str:
    """A vertical line through the whole picture."""
    return f"M{x.at(value):g},{TOP}V{BOTTOM}"


def level_at(y: Scale, value: float) -> str:
    """A horizontal line through the whole picture."""
    return f"M{LEFT},{y.at(value):g}H{RIGHT}"


def lettered(dots: Sequence[Dot], apart: float = 17) -> tuple[Label, ...]:
    """A, B, C and on: a letter to the right of each dot, in the order of `dots`, none over another."""
    right = max((dot.x for dot in dots), default=0.0)
    x = round(right + 22 if right + 30 < RIGHT else min(dot.x for dot in dots) - 28, 1)
    labels: dict[int, Label] = {}
    below = float(TOP + 6)
    for number, dot in sorted(enumerate(dots), key=lambda pair: (pair[1].y, pair[1].x)):
        y = max(dot.y - 6, below)
        labels[number] = Label(chr(ord("A") + number), x, round(y + 4, 1), (dot.x, dot.y))
        below = y + apart
    return tuple(labels[number] for number in range(len(dots)))

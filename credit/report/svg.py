"""Pictures as plain geometry: a template draws them as SVG, in the page's own font and colours.

Each is 340 wide, so that its text stays readable on a phone. `kind` of lines and dots is a CSS class.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from credit.common.candidate_names import HEURISTIC
from credit.common.formatting import MINUS


class Tick(NamedTuple):
    """A number on an axis: its position and its label."""

    at: float
    text: str


class Scale(NamedTuple):
    """An axis from `low` to `high`, drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Place `value` on the axis, to a tenth, so that every processor writes the same."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1) + 0.0

    def choose_ticks(self, most: int = 6) -> tuple[Tick, ...]:
        """Choose round numbers within the axis, at most so many."""
        size = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if self._count_ticks(size * factor) <= most)
        digits = max(0, -math.floor(math.log10(step) + 1e-9)) + (step / size == 2.5)
        first = math.ceil(self.low / step - 1e-9)
        marks = ((first + number) * step for number in range(self._count_ticks(step)))
        return tuple(Tick(self.place(mark), f"{mark + 0.0:.{digits}f}".replace("-", MINUS)) for mark in marks)

    def _count_ticks(self, step: float) -> int:
        return math.floor(self.high / step + 1e-9) - math.ceil(self.low / step - 1e-9) + 1


def fit_scale(values: Iterable[float], start: float, end: float, margin: float = 0.05) -> Scale:
    """Fit an axis to `values`, of which there is at least one, with some room at both ends."""
    known = list(values)
    room = (max(known) - min(known)) * margin or 0.05
    return Scale(min(known) - room, max(known) + room, start, end)


WIDTH, HEIGHT = 340, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 330, 10, 214
SHAPES = {
    "circle": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "square": "M-4,-4H4V4H-4Z",
    "triangle": "M0,-5L5,4H-5Z",
    "diamond": "M0,-6L6,0L0,6L-6,0Z",
    "flag": "M-4,-4H5L0,5Z",
    "cross": "M-5,-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
    "bar": "M-6,-2.5H6V2.5H-6Z",
    "house": "M0,-5L4.5,-1V4.5H-4.5V-1Z",
}
MODEL_SHAPES = ("triangle", "circle", "flag", "cross", "bar", "house")


class CandidateStyle(NamedTuple):
    """How a candidate is drawn: the CSS class of its lines and dots, and the shape of the dots."""

    kind: str
    shape: str


def style_candidates(names: Iterable[str]) -> dict[str, CandidateStyle]:
    """Give each candidate a style, by its place among the models, so that any number of them has one."""
    models = [name for name in names if name != HEURISTIC]
    places = {name: place % len(MODEL_SHAPES) for place, name in enumerate(models)}
    styles = {name: CandidateStyle(f"model-{place + 1}", MODEL_SHAPES[place]) for name, place in places.items()}
    return {HEURISTIC: CandidateStyle("rule", "square"), **styles}


class PlotLine(NamedTuple):
    """A path."""

    kind: str
    path: str


class PlotDot(NamedTuple):
    """A mark, with a whisker from `low` to `high` if they are given."""

    kind: str
    shape: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None


class PlotLabel(NamedTuple):
    """Words or a letter in a picture. With `to`, a thin line leads to that point."""

    text: str
    x: float
    y: float
    to: tuple[float, float] | None = None


class Picture(NamedTuple):
    """One picture. `description` tells its content in words and numbers, for those who do not see it."""

    name: str
    title: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[PlotLine, ...] = ()
    dots: tuple[PlotDot, ...] = ()
    labels: tuple[PlotLabel, ...] = ()


def make_x_axis(low: float = 0.0, high: float = 1.0) -> Scale:
    """Make a horizontal axis."""
    return Scale(low, high, LEFT, RIGHT)


def make_y_axis(low: float = 0.0, high: float = 1.0) -> Scale:
    """Make a vertical axis."""
    return Scale(low, high, BOTTOM, TOP)


def draw_path(x: Scale, y: Scale, points: Iterable[tuple[float, float]]) -> str:
    """Draw the path through some points; empty without any."""
    places = [f"{x.place(across):g},{y.place(up):g}" for across, up in points]
    return f"M{'L'.join(places)}" if places else ""


def draw_vertical(x: Scale, value: float) -> str:
    """Draw a vertical line through the whole picture."""
    return f"M{x.place(value):g},{TOP}V{BOTTOM}"


def draw_horizontal(y: Scale, value: float) -> str:
    """Draw a horizontal line through the whole picture."""
    return f"M{LEFT},{y.place(value):g}H{RIGHT}"

"""Round ticks, and where a number lies between the ends of an axis."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from credit.page.words import MINUS


class Tick(NamedTuple):
    """A number on an axis: where it lies, and how it is written."""

    at: float
    text: str


class Scale(NamedTuple):
    """An axis from `low` to `high`, drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where `value` is drawn, to a tenth, so that every processor writes the same."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1) + 0.0

    def ticks(self, most: int = 6) -> tuple[Tick, ...]:
        """At most so many round numbers within the axis."""
        size = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if self._count(size * factor) <= most)
        digits = max(0, -math.floor(math.log10(step) + 1e-9)) + (step / size == 2.5)
        first = math.ceil(self.low / step - 1e-9)
        marks = ((first + number) * step for number in range(self._count(step)))
        return tuple(Tick(self.at(mark), f"{mark + 0.0:.{digits}f}".replace("-", MINUS)) for mark in marks)

    def _count(self, step: float) -> int:
        return math.floor(self.high / step + 1e-9) - math.ceil(self.low / step - 1e-9) + 1


def around(values: Iterable[float], start: float, end: float, margin: float = 0.05) -> Scale:
    """The axis that holds all `values`, of which there is at least one, with some room at both ends."""
    known = list(values)
    room = (max(known) - min(known)) * margin or 0.05
    return Scale(min(known) - room, max(known) + room, start, end)

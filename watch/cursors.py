"""The place in the log up to which decisions were counted: of each writer, its next row and the rows that are missing.

A writer numbers its rows from 1 on. A number that is passed over belongs to a row that is in a spool out of reach, or
was deleted: it stays on the list, and is counted when it comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Gap(NamedTuple):
    """Rows that are missing, from `first` to `last`. `entry`: of the row after them, so that they are no newer."""

    first: int
    last: int
    entry: int


@dataclass
class WriterCursor:
    """The place of one writer: `following` is the number of the row that comes next."""

    following: int = 1
    gaps: list[Gap] = field(default_factory=list)

    def take(self, rows: Iterable[tuple[int, int]]) -> None:
        """Take rows in the order of their numbers, each a number and a ledger entry."""
        for sequence, entry in rows:
            if sequence == self.following:
                self.following += 1
            elif sequence > self.following:
                self.gaps.append(Gap(self.following, sequence - 1, entry))
                self.following = sequence + 1
            else:
                self._fill(sequence)

    def _fill(self, sequence: int) -> None:
        gap = next(one for one in self.gaps if one.first <= sequence <= one.last)
        parts = [gap._replace(last=sequence - 1), gap._replace(first=sequence + 1)]
        place = self.gaps.index(gap)
        self.gaps[place : place + 1] = [one for one in parts if one.first <= one.last]

    @property
    def missing(self) -> int:
        """The number of rows that are missing."""
        return sum(one.last - one.first + 1 for one in self.gaps)

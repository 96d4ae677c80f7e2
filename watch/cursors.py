"""The place in the log up to which decisions were counted: of each writer, its next row and the rows that are missing.

A row that is missing stays on the list, and is counted when it comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from credit.decision_log.integrity.removed import leave_out
from credit.decision_log.writers import list_missing


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
        entries = dict(rows)
        found = list(entries)
        last = max(self.following - 1, *found[-1:])
        left = [Gap(*part, gap.entry) for gap in self.gaps for part in list_missing(gap.first, gap.last, found)]
        new = [Gap(first, end, entries[end + 1]) for first, end in list_missing(self.following, last, found)]
        self.gaps, self.following = left + new, last + 1

    def forget(self, removed: Sequence[tuple[int, int]]) -> bool:
        """Forget missing rows that were removed by their age, which will not come; tells whether there were any."""
        before = self.missing
        parts = ((part, gap.entry) for gap in self.gaps for part in leave_out(removed, [(gap.first, gap.last)]))
        self.gaps = [Gap(*part, entry) for part, entry in parts]
        return self.missing < before

    @property
    def missing(self) -> int:
        """The number of rows that are missing."""
        return sum(one.last - one.first + 1 for one in self.gaps)

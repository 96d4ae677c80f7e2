"""Tell which rows a watch would have missed at a moment: missing ones are noticed by the row that comes after them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from credit.decision_log.database import Database
from watch.cursors import WriterCursor
from watch.reading import find_moment
from watch.state import WatchState


class PastGaps:
    """The gaps in a log that was followed to its end. `state`: as it was left."""

    def __init__(self, databases: Sequence[Database], state: WatchState) -> None:
        self._databases, self._state = databases, state
        self._find_next = cache(self._read_next)

    def restore(self, moment: datetime) -> WatchState:
        """Restore the state with the gaps that a watch would have known of. Raises CreditError when the log is away."""
        cursors = {
            writer: WriterCursor(one.following, [gap for gap in one.gaps if self._find_next(writer, gap.last) < moment])
            for writer, one in self._state.cursors.items()
        }
        return replace(self._state, cursors=cursors)

    def _read_next(self, writer: str, last: int) -> datetime:
        """Read when the row after missing ones was decided; where there is none, they were always missing."""
        return find_moment(self._databases, writer, last + 1) or datetime.min.replace(tzinfo=UTC)

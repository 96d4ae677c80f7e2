"""The newest entries of the ledger, for people to read: those that are not valid are named too."""

from typing import NamedTuple

from credit.common.errors import CreditError
from credit.common.parallel import run_in_threads
from credit.registry.ledger import Entry, Ledger
from credit.registry.store import store_in_use


class Line(NamedTuple):
    """One place in the ledger; no entry: it is not valid."""

    number: int
    entry: Entry | None


class History:
    """What was live in an environment. An entry never changes, so each is read once."""

    def __init__(self, environment: str, length: int = 20) -> None:
        self._environment, self._length = environment, length
        self._ledger: Ledger | None = None
        self._known: dict[int, Line] = {}

    @property
    def known(self) -> list[Line]:
        """What was valid when it was read last, newest first."""
        return [self._known[number] for number in sorted(self._known, reverse=True)]

    def read(self) -> list[Line]:
        """The newest lines, newest first. Raises CreditError when the store does not answer."""
        if self._ledger is None:
            self._ledger = Ledger(store_in_use(make=False), self._environment)
        ledger, last = self._ledger, self._ledger.length()

        def line(number: int) -> Line:
            try:
                return self._known.get(number) or Line(number, ledger.entry(number))
            except CreditError:
                return Line(number, None)

        lines = run_in_threads(line, list(range(last, max(last - self._length, 0), -1)))
        if any(one.entry is None for one in lines):
            ledger.length()  # raises when it was the store that could not be read, not the entry
        self._known = {one.number: one for one in lines if one.entry is not None}
        return lines

"""The newest ledger entries for the page, those that are not valid included."""

from typing import NamedTuple

from credit.common.errors import CreditError
from credit.common.parallel import run_in_threads
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from service.settings import STORE_SECONDS


class LedgerLine(NamedTuple):
    """A number in the ledger and its entry, None when that is not valid."""

    number: int
    entry: LedgerEntry | None


class LedgerHistory:
    """The history of an environment. An entry never changes, so each is read once."""

    def __init__(self, environment: str, length: int = 20) -> None:
        self._environment, self._length = environment, length
        self._ledger: Ledger | None = None
        self._known: dict[int, LedgerLine] = {}

    @property
    def known_lines(self) -> list[LedgerLine]:
        """The valid lines of the last read, newest first."""
        return [self._known[number] for number in sorted(self._known, reverse=True)]

    def read(self) -> list[LedgerLine]:
        """Read the newest lines, newest first. Raises CreditError when the store does not answer."""
        if self._ledger is None:
            self._ledger = Ledger(open_store(make=False, seconds=STORE_SECONDS), self._environment)
        ledger, last = self._ledger, self._ledger.find_last_number()

        def read_line(number: int) -> LedgerLine:
            try:
                return self._known.get(number) or LedgerLine(number, ledger.read_entry(number))
            except CreditError:
                return LedgerLine(number, None)

        lines = run_in_threads(read_line, list(range(last, max(last - self._length, 0), -1)))
        if any(one.entry is None for one in lines):
            ledger.find_last_number()  # raises when it was the store that could not be read, not the entry
        self._known = {one.number: one for one in lines if one.entry is not None}
        return lines

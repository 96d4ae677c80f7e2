"""The profile of a column of a raw table: facts only, no meaning."""

from dataclasses import dataclass

from contract_draft.values.written import Written
from credit.contract.levels import ColumnType

CellValue = int | float | str


@dataclass(frozen=True)
class ColumnProfile:
    """One column's profile. `values` are its few different values with their counts, or empty when it has many.

    `codes` are values that may stand for "not known"; `low`, `high` and `values` leave them out, `missing` too.
    `distinct`: no value is in two rows; `unique`: and each row has one. `others`: those of the codes, with their
    counts, that are texts in a column of numbers, or of dates. `written`: how the file writes the values; all else
    here, and the table, has them in plain notation.

    By an answer or a proposal, `folded` are the levels that count as another one, after it, and `undisclosed` those
    that count as missing; `values` leave them out. `settled`: what a person has said of the column, of codes, levels
    and format. `identifying`: what of the values speaks for an identifier. `is_whole`: all numbers are, however they
    are written. `unread`: why texts that are written as numbers or durations are read as neither.
    """

    name: str
    at: int
    type: ColumnType
    rows: int
    missing: int
    codes: tuple[CellValue, ...] = ()
    low: float | None = None
    high: float | None = None
    values: tuple[tuple[str, int], ...] = ()
    unique: bool = False
    distinct: bool = False
    others: tuple[tuple[str, int], ...] = ()
    written: Written | None = None
    folded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    undisclosed: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    identifying: str = ""
    unread: str = ""
    is_whole: bool = False

    @property
    def may_count(self) -> bool:
        """Tell whether the values may be whole numbers that identify: 1001.0 is how pandas writes 1001 beside a gap."""
        is_amount = self.written is not None and self.written.reading.format.is_of_numbers
        return not is_amount and (self.type == "integer" or (self.type == "number" and self.is_whole))

    @property
    def constant(self) -> bool:
        """Tell whether all rows that have a value have the same."""
        return len(self.values) == 1 or self.missing == self.rows

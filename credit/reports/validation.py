"""The report `reports/validation.json`: rows that break the contract, and who is in the rows that do not."""

from typing import ClassVar

from pydantic import Field

from credit.reports.base import Count, Flag, Report, ReportPart


class BrokenRule(ReportPart):
    """A rule of the contract that rows break; a row can break several."""

    column: str
    allowed: str
    rows: Count
    example: str | None = None
    """One value that breaks it. Left out of columns of texts, dates and times: it may name a person."""


class FoldedLevels(ReportPart):
    """Levels of the file that count as another one: those of the contract's `fold`, or new ones by `new_levels`."""

    column: str
    into: str
    is_new: Flag
    rows: Count
    levels: dict[str, Count] = Field(default_factory=dict)
    """Rows by level, the commonest new ones only. Left out of protected columns, and of those no model sees."""


class ValidationReport(Report):
    """The rows: how many, how many in quarantine and why, and the people in the accepted ones."""

    PATH: ClassVar[str] = "reports/validation.json"

    rows: Count
    accepted: Count
    quarantined: Count
    reasons: tuple[BrokenRule, ...]
    missing: dict[str, Count]
    """Rows without a value, by column; columns in which none is missing are left out. Of all rows."""
    labels: dict[str, Count]
    """Accepted rows by value of the label."""
    groups: dict[str, dict[str, Count]]
    """Accepted rows by protected attribute and group, `undisclosed` included."""
    folded: tuple[FoldedLevels, ...] = ()
    """Levels that count as another, of all rows."""

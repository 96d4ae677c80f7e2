"""Findings about the rows of a log: the first ones by name, all of them by number."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

FindingKind = Literal["altered", "deleted", "inserted", "reordered", "rewritten"]

MAX_LISTED = 20


class Finding(NamedTuple):
    """A row that is not as it was written, or a place where rows are missing. `id`: of the row, or the next one."""

    kind: FindingKind
    table: str
    writer: str
    place: int
    id: str
    text: str

    def __str__(self) -> str:
        where = f"row {self.place} of writer {self.writer[:8]}" if self.writer else "of no writer"
        return f"{self.kind}: {self.table} {self.id or 'at the end'}, {where}: {self.text}"


@dataclass
class TableReport:
    """Counts of checked rows of a table, and of rows that no chain covers.

    `unconfirmed_by`: one of the events that erased the unconfirmed ones.
    """

    table: str
    rows: int = 0
    writers: int = 0
    erased: int = 0
    unchained: int = 0
    removed: int = 0
    unconfirmed: int = 0
    unconfirmed_by: str = ""
    checkpoints: int = 0
    beyond_checkpoint: int = 0
    unknown: int = 0
    accepted: int = 0
    found: int = 0
    is_confirmed: bool = False
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding; the first ones are kept."""
        self.found += 1
        if len(self.findings) < MAX_LISTED:
            self.findings.append(finding)


def describe_report(report: TableReport) -> str:
    """Describe in one line the checked rows of a table, and those that no hash covers."""
    verdict = "as they were written" if not report.found else f"{report.found:,} findings"
    line = f"{report.table}: {report.rows:,} rows of {report.writers:,} writers: {verdict}"
    line += f", {report.checkpoints:,} checkpoints compared" if report.checkpoints else ""
    parts = {
        "after the last checkpoint": report.beyond_checkpoint,
        "in chains that have no checkpoint at all": report.unknown,
        "accepted by hand": report.accepted,
        "erased, their hashes are there": report.erased,
        f"of these by an event that no checkpoint covers, {report.unconfirmed_by}": report.unconfirmed,
        f"{'removed' if report.is_confirmed else 'said to be removed'} by their age": report.removed,
        "not chained, from before there was a chain": report.unchained,
    }
    return line + "".join(f"; {count:,} {what}" for what, count in parts.items() if count)

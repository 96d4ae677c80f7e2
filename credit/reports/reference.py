"""The file `reference.json` of a bundle: distributions to compare live applications with, as counts."""

from typing import ClassVar

from credit.common.errors import Problem
from credit.reports.base import Count, Number, Report, ReportPart, Scalar


class Distribution(ReportPart):
    """The number of values in each bin, and of missing ones. In the report: either `edges` or `values`.

    Numbers have `edges`, inner cuts in increasing order: bin 0 is below the first, bin i from edge i - 1 up to edge i,
    the last bin from the last edge on. Other columns have `values`, one bin each, and one more for any other value.
    """

    edges: tuple[Number, ...] | None = None
    values: tuple[Scalar, ...] | None = None
    counts: tuple[Count, ...]
    """Shape (edges + 1,) or (values + 1,)."""
    missing: Count

    @property
    def cuts(self) -> tuple[Scalar, ...]:
        """The edges or the values of the bins."""
        return self.values or self.edges or ()


class ReferenceRows(ReportPart):
    """The numbers of rows that the distributions are of."""

    train: Count
    test: Count


class DecisionCounts(ReportPart):
    """The numbers of people approved, referred and denied."""

    approve: Count
    refer: Count
    deny: Count


class ReferenceReport(Report):
    """Features and groups of the training rows, scores and decisions of the test rows."""

    NAME: ClassVar[str] = "reference.json"

    rows: ReferenceRows
    score: Distribution
    decisions: DecisionCounts
    groups: dict[str, dict[str, Count]]
    """People by protected attribute and group."""
    features: dict[str, Distribution]
    """The features of the model, and the score of the rule."""

    def find_contradictions(self, where: str) -> list[Problem]:
        """Find distributions with another number of bins than their cuts make."""
        distributions = {"score": self.score, **{f"features.{name}": one for name, one in self.features.items()}}
        return [
            Problem(f"{where}: {key}.counts", f"{len(one.counts)} bins", f"{len(one.cuts) + 1}")
            for key, one in distributions.items()
            if len(one.counts) != len(one.cuts) + 1
        ]

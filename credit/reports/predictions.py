"""The report `reports/predictions.json`: the rows that fairness is judged on, and why those; and the features of the
folds in further partitions, `data/partition_features.json`.
"""

from typing import ClassVar, Literal

from credit.reports.base import Count, Report

JudgedOn = Literal["out of fold", "test rows"]
"""Every accepted row, scored by a model that has not seen it; or the test rows alone."""


class PredictionsReport(Report):
    """The rows that were scored."""

    PATH: ClassVar[str] = "reports/predictions.json"

    predictions: JudgedOn
    why: str
    rows: Count
    kept_in_folds: tuple[tuple[str, ...], ...]
    """The features of each fold's models; empty where the test rows were scored."""


class PartitionFeatures(Report):
    """The features of further partitions into folds, selected once for all candidates and for the search."""

    PATH: ClassVar[str] = "data/partition_features.json"

    kept: tuple[tuple[tuple[str, ...], ...], ...]
    """Of each partition after the first, of each fold; empty where there is none."""

"""The report `reports/predictions.json`: the rows that fairness is judged on, and why those."""

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

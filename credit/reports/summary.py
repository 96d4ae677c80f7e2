"""The report `reports/summary.json`: the choice in a few figures per candidate, which DVC compares as metrics.

Its keys and figures are short, so that `dvc metrics diff` and `dvc exp show` fit 80 columns; the reports that it is
made of have the figures under their full names, with intervals.
"""

from typing import ClassVar

from credit.reports.base import Number, Report, Share
from credit.reports.fairness import Verdict


class Summary(Report):
    """The champion, and figures by candidate. None: there is no such figure."""

    PATH: ClassVar[str] = "reports/summary.json"

    champion: str
    ratio: dict[str, Number | None]
    """The worst-group adverse impact ratio: 1 parity, 0 nobody of the group is approved."""
    auc: dict[str, Share | None]
    """`roc_auc` on the test rows."""
    value: dict[str, Number | None]
    """`expected_value` per test row, in profits of one good loan."""
    verdict: dict[str, Verdict]
    """Of equal treatment."""

"""The report `reports/alternatives.json`: the results of other thresholds and hyperparameters."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from credit.reports.base import Count, Flag, Number, OpenInterval, Report, ReportPart, Setting, Share
from credit.reports.figures import Figures
from credit.reports.predictions import JudgedOn

QualityFigure = Literal["expected_value", "accuracy", "roc_auc"]
"""Figures by which alternatives can be compared."""

Mark = Literal["champion", "candidate", "alternative"]
"""The candidate that goes forward, another as it was trained, or the point that is suggested."""


class PointSettings(ReportPart):
    """The settings of one way to decide."""

    candidate: str
    hyperparameters: dict[str, Setting]
    """Those that were varied; empty for a candidate as trained."""
    approval_share: Share | None
    """Of the people, that the threshold was set to approve; None for a candidate as trained."""
    mark: Mark | None
    """None for a point that was tried and is not suggested."""


class PointFigures(Figures):
    """The worth of one way to decide, and how the group that it treats worst fares."""

    roc_auc: Share | None
    """None where only one class of the label has scores."""
    approval_rate: Share
    referral_rate: Share
    expected_value: Number
    """Per person, in profits of one good loan."""
    accuracy: Share
    adverse_impact_ratio: Number | None
    """The lowest of all groups that are large enough: 1 parity, 0 nobody is approved; None where no group is."""
    adverse_impact_ratio_interval: OpenInterval | None
    group: str | None
    """Whose ratio that is, as `race: Black`."""


class Point(PointFigures, PointSettings):
    """One way to decide, with its figures."""

    on_frontier: Flag
    """Whether no other point is as good in both the metric and the ratio, and better in one."""


class AlternativesReport(Report):
    """Every point that was tried, the candidates as trained first, and the finding in words."""

    model_config = ConfigDict(populate_by_name=True)
    PATH: ClassVar[str] = "reports/alternatives.json"

    predictions: JudgedOn
    rows: Count
    metric: QualityFigure
    tolerated_loss: Number
    """Of the metric, in its own unit."""
    finding: str = Field(alias="told")
    """What the search found, in words."""
    command: str | None = Field(alias="try")
    """What trains the suggested point; None: nothing is suggested, or a candidate as trained is."""
    points: tuple[Point, ...]

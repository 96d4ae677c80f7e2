"""The report `reports/alternatives.json`: the results of other models and thresholds."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from credit.reports.base import Count, Flag, Number, OpenInterval, Report, ReportPart, Setting, Share
from credit.reports.figures import Figures
from credit.reports.predictions import JudgedOn

QualityFigure = Literal["expected_value", "accuracy", "roc_auc"]
"""Figures by which alternatives can be compared."""

Mark = Literal["champion", "candidate", "alternative", "within_limits"]
"""The candidate that goes forward, another as it was trained, the fairest point within the tolerated loss, or the best
point whose figures are within every limit."""


class PointSettings(ReportPart):
    """The settings of one way to decide."""

    candidate: str
    hyperparameters: dict[str, Setting]
    """Those that were varied; empty for a candidate as trained."""
    approval_share: Share | None
    """Of the people, that the threshold was set to approve; None for a candidate as trained."""
    mark: Mark | None
    """None for a point that was tried and is not suggested."""


class GatedFigure(ReportPart):
    """One metric with a limit: the figure of the group that fares worst by the better end of its interval."""

    measure: str
    group: str
    """As `race: Black`."""
    value: Number
    interval: OpenInterval
    headroom: Number
    """1 parity, 0 at the limit, below 0 beyond it; on either side of parity."""
    within: Flag
    """Whether the value keeps the limit."""


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
    """Of the worst group: 1 parity, 0 nobody is approved; None where no group is large enough."""
    adverse_impact_ratio_interval: OpenInterval | None
    group: str | None
    """Whose ratio that is, as `race: Black`: the one whose interval ends lowest, not one of few people by chance."""
    gated: tuple[GatedFigure, ...] = ()
    """One for each limit of the policy; empty where nothing has a limit, or no group is large enough."""

    @property
    def headroom(self) -> float | None:
        """The least headroom of all gated figures; None where there is none."""
        return min((one.headroom for one in self.gated), default=None)


class Point(PointFigures, PointSettings):
    """One way to decide, with its figures."""

    on_frontier: Flag
    """Whether no other point is as good in the metric and every gated figure, and better in one."""
    blocked: Share | None = None
    """The share of the partitions in which the gates of equal treatment block it; None: not judged."""


class SearchedFamily(ReportPart):
    """The models and points that were searched of one kind."""

    models: Count
    points: Count


class Confirmation(ReportPart):
    """A choice made on one half of the people and measured on the other, both ways; means of both."""

    mark: Mark
    quality: Number
    loss: Number
    """Of the metric, against the best candidate on the same people."""
    adverse_impact_ratio: Number | None
    headroom: Number | None
    baseline_headroom: Number | None
    """Of the best candidate on the same people."""


class AlternativesReport(Report):
    """Every point that was tried, the candidates as trained first, and the finding in words."""

    model_config = ConfigDict(populate_by_name=True)
    PATH: ClassVar[str] = "reports/alternatives.json"

    predictions: JudgedOn
    rows: Count
    people: Count | None = None
    """The rows, a sample by hash, that points were measured on; left out where on all."""
    metric: QualityFigure
    tolerated_loss: Number
    """Of the metric, in its own unit."""
    partitions: Count
    """Over which the figures of points are means; those of candidates as trained are of the first."""
    reads_protected: Flag
    """Whether models were searched whose training reads protected attributes."""
    searched: dict[str, SearchedFamily]
    confirmed: tuple[Confirmation, ...]
    finding: str = Field(alias="told")
    """What the search found, in words."""
    command: str | None = Field(alias="try")
    """What trains the suggested point; None: nothing is suggested, or nothing that is a candidate."""
    points: tuple[Point, ...]

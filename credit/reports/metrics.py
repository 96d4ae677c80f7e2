"""The report `reports/metrics.json`, and `metrics.json` of a bundle: how good each candidate is on the test rows."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, RootModel

from credit.reports.base import Count, Interval, Number, ReportFile, ReportPart, Share
from credit.reports.figures import Figures

RankingMetric = Literal["roc_auc", "average_precision", "ks", "accuracy", "expected_value"]
"""Figures by which candidates can be compared without knowing which way is better."""


class DirectionFigures(ReportPart):
    """A feature with a direction, and how the scores of test people follow it as its value gets better."""

    feature: str
    more_is: Literal["better", "worse"]
    rise: Number
    """Mean change of a score from the worst value to the best; below 0 the model goes against the direction."""
    people: Share
    """The share of people whose score falls by more than 0.01 somewhere on the way: 0 none, 1 everybody."""
    mean_fall: Share
    """The largest fall on the way, on average of all people."""
    largest_fall: Share
    """The same of the person with the largest."""


class CandidateMetrics(Figures):
    """The figures of one candidate; `<name>_interval` is the 95% interval of `<name>`. None: there is no such figure.

    A referred person is not approved: what the analyst decides is not the model's merit.
    """

    rows: Count
    roc_auc: Share | None
    """0.5: no better than chance; 1: every favourable row scores above every unfavourable one."""
    roc_auc_interval: Interval | None
    average_precision: Share | None
    """The share of favourable rows: no better than chance; 1: perfect."""
    average_precision_interval: Interval | None
    ks: Share | None
    """Kolmogorov-Smirnov distance of the scores of both classes: 0 none, 1 no overlap."""
    ks_interval: Interval | None
    brier: Share | None
    """Mean squared distance of score and outcome: 0 perfect, 1 always wrong and sure."""
    brier_interval: Interval | None
    log_loss: Number | None
    """0 perfect; no upper bound."""
    log_loss_interval: Interval | None
    calibration_error: Share | None
    """Expected calibration error: 0 perfect, 1 the worst. Has no interval."""
    accuracy: Share | None
    """Of approving the favourable and nobody else: 0 none right, 1 all."""
    accuracy_interval: Interval | None
    approval_rate: Share | None
    approval_rate_interval: Interval | None
    referral_rate: Share | None
    referral_rate_interval: Interval | None
    bad_rate: Share | None
    """Unfavourable rows among the approved: 0 none, 1 all; None where nobody is approved."""
    bad_rate_interval: Interval | None
    expected_value: Number | None
    """Per row, in profits of one good loan."""
    expected_value_interval: Interval | None
    directions: tuple[DirectionFigures, ...] = ()
    """No figure but several: of each feature that the contract has a direction for."""

    @classmethod
    def list_names(cls) -> tuple[str, ...]:
        """List the figures in the order of the report, without intervals and without those of single features."""
        return tuple(name for name in super().list_names() if name != "directions")


class Metrics(ReportFile, RootModel[dict[str, CandidateMetrics]]):
    """The figures of every candidate, by name."""

    model_config = ConfigDict(frozen=True)

    PATH: ClassVar[str] = "reports/metrics.json"

    @property
    def candidates(self) -> dict[str, CandidateMetrics]:
        """The figures by candidate, in the order of the stages."""
        return self.root

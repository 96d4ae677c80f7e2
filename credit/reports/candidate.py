"""The reports `reports/candidates/<candidate>.json`: a trained model or rule, its settings, and how it decides.

`candidate.json` of a bundle has words for people, `reports/learning.json` the learning curves of all candidates.
"""

from typing import ClassVar

from credit.reports.base import Count, Interval, Number, Report, ReportPart, Setting, Share


class Thresholds(ReportPart):
    """Scores from `approve_from` are approved, from `refer_from` up to there referred, below denied."""

    approve_from: Number | None
    """None: nobody is approved without an analyst. May lie above 1, which no score reaches."""
    refer_from: Number


class CrossValidated(ReportPart):
    """The data that the thresholds were set on: scores of rows by models that have not seen them."""

    rows: Count
    roc_auc: Share
    """0.5 no better than chance, 1 perfect."""
    approved: Share
    referred: Share


class HyperparameterSearch(ReportPart):
    """The settings that the search tried."""

    best: dict[str, Setting]
    tried: tuple[dict[str, Setting], ...]
    """Each combination, with the number of `rows` that it was fitted on and its cross-validated `roc_auc`."""


class BundleCandidate(Report):
    """The file `candidate.json` of a bundle: the words for its candidate, whose definition a service does not have."""

    NAME: ClassVar[str] = "candidate.json"

    label: str
    """Its name within a sentence, after `the`."""
    description: str


class CandidateReport(Report):
    """One candidate as it was trained."""

    FOLDER: ClassVar[str] = "reports/candidates"

    candidate: str
    features: tuple[str, ...]
    hyperparameters: dict[str, Setting]
    policy: Thresholds
    cross_validated: CrossValidated
    search: HyperparameterSearch | None
    """None: nothing was searched."""

    @classmethod
    def locate(cls, candidate: str) -> str:
        """Name the file of a candidate."""
        return f"{cls.FOLDER}/{candidate}.json"


class ToldReasons(Report):
    """The file `told_reasons.json` of a bundle: of how many test people each reason is, the commonest first."""

    NAME: ClassVar[str] = "told_reasons.json"

    people: Count
    """Those who are not approved."""
    codes: dict[str, Count]


class LearningPoint(ReportPart):
    """A candidate that was trained on some of the rows, judged on the test rows."""

    rows: Count
    roc_auc: Share
    roc_auc_interval: Interval


class CandidateLearning(ReportPart):
    """One candidate on growing samples, the smallest first; each sample has the rows of the smaller ones."""

    points: tuple[LearningPoint, ...]
    left_out: tuple[Count, ...]
    """Sizes at which a class has fewer than ten rows."""
    gain: Number
    """Of AUC by the last step."""
    gain_interval: tuple[Number, Number]
    """95%, paired: of the same test rows."""
    finding: str


class LearningReport(Report):
    """Every candidate that learns, by name; one of which too few rows can be learned from is left out."""

    PATH: ClassVar[str] = "reports/learning.json"

    training_rows: Count
    trained_on: Count
    """Of these, by `train.rows`."""
    candidates: dict[str, CandidateLearning]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of rows of all points, the smallest first."""
        return tuple(sorted({point.rows for one in self.candidates.values() for point in one.points}))

"""The reports `reports/candidates/<candidate>.json`: a trained model or rule, its settings, and how it decides.

`candidate.json` of a bundle has words for people.
"""

from typing import ClassVar

from credit.reports.base import Count, Number, Report, ReportPart, Setting, Share


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

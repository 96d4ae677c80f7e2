"""The reports of a revision or a bundle. One of another shape, from other code, is left out and listed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from credit.common.errors import CreditError
from credit.reports.base import ReportFile
from credit.reports.choice import Choice, StabilityReport
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.reports.validation import ValidationReport
from release.repository.revision import Revision

R = TypeVar("R", bound=ReportFile)


class RevisionReports(NamedTuple):
    """The reports of the pipeline at a revision. None, or without an entry: there is no such report.

    `unread`: a line for each report that is there and does not fit.
    """

    choice: Choice | None
    metrics: dict[str, CandidateMetrics]
    fairness: dict[str, FairnessReport]
    features: FeaturesReport | None
    validation: ValidationReport | None
    stability: StabilityReport | None
    unread: tuple[str, ...]


class BundleReports(NamedTuple):
    """The reports in a bundle, metrics by candidate; None: the bundle has no such file, or `unread` says why."""

    metrics: dict[str, CandidateMetrics] | None
    fairness: FairnessReport | None
    unread: tuple[str, ...]


class _Reader:
    """A reader that leaves out a report that does not fit and notes why; a strict one raises instead."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.unread: list[str] = []

    def read(self, load: Callable[[], R | None]) -> R | None:
        try:
            return load()
        except CreditError as error:
            if self.strict:
                raise
            more = f"; {len(error.problems) - 1} more" if len(error.problems) > 1 else ""
            self.unread.append(f"{error.problems[0]}{more}")
            return None


def read_revision_reports(revision: Revision, strict: bool) -> RevisionReports:
    """Read the reports of a revision, whose code may have written other keys than this code reads.

    `strict`: raise CreditError for a report that does not fit, instead of leaving it out.
    """
    reader = _Reader(strict)
    choice = reader.read(lambda: Choice.read_at(revision, Choice.PATH))
    metrics = reader.read(lambda: Metrics.read_at(revision, Metrics.PATH))
    figures = metrics.candidates if metrics else {}
    names = dict.fromkeys([*(choice.candidates if choice else ()), *figures])
    paths = {name: FairnessReport.locate(name) for name in names}
    judged = {name: reader.read(partial(FairnessReport.read_at, revision, path)) for name, path in paths.items()}
    fairness = {name: report for name, report in judged.items() if report}
    features = reader.read(lambda: FeaturesReport.read_at(revision, FeaturesReport.PATH))
    validation = reader.read(lambda: ValidationReport.read_at(revision, ValidationReport.PATH))
    stability = reader.read(lambda: StabilityReport.read_at(revision, StabilityReport.PATH))
    return RevisionReports(choice, figures, fairness, features, validation, stability, tuple(reader.unread))


def read_bundle_reports(folder: Path, version: str) -> BundleReports:
    """Read the reports in the bundle of a version, which other code may have written."""
    reader = _Reader(strict=False)

    def read(model: type[R], name: str) -> R | None:
        path = folder / name
        return reader.read(lambda: model.parse(path.read_bytes(), f"{name} of {version}")) if path.exists() else None

    metrics, fairness = read(Metrics, "metrics.json"), read(FairnessReport, "fairness.json")
    return BundleReports(metrics.candidates if metrics else None, fairness, tuple(reader.unread))

"""The reports of a run, to be changed by a test."""

from typing import Any

from credit.report.results import Results
from credit.reports.alternatives import AlternativesReport
from credit.reports.candidate import CandidateReport
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport
from credit.reports.metrics import CandidateMetrics
from credit.reports.validation import ValidationReport

Json = Any


class Draft:
    """Each report as JSON has it. A test changes what it likes; `finish` checks that the reports still are reports."""

    def __init__(self, results: Results) -> None:
        self.base = results
        self.choice: Json = results.choice.dump()
        self.metrics: Json = {name: of.model_dump(mode="json") for name, of in results.metrics.items()}
        self.candidates: Json = {name: of.dump() for name, of in results.candidates.items()}
        self.judged: Json = {name: of.dump() for name, of in results.judged.items()}
        self.features: Json = results.features.dump()
        self.validation: Json = results.validation.dump()
        self.alternatives: Json = results.alternatives.dump()

    def finish(self) -> Results:
        return self.base._replace(
            choice=Choice.model_validate(self.choice),
            metrics={name: CandidateMetrics.model_validate(of) for name, of in self.metrics.items()},
            candidates={name: CandidateReport.model_validate(of) for name, of in self.candidates.items()},
            judged={name: FairnessReport.model_validate(of) for name, of in self.judged.items()},
            features=FeaturesReport.model_validate(self.features),
            validation=ValidationReport.model_validate(self.validation),
            alternatives=AlternativesReport.model_validate(self.alternatives),
        )

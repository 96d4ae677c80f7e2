"""The reports of the earlier stages, read from their files. Nothing is computed here."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from credit.common.formatting import format_group
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.groups import list_group_labels
from credit.evaluation.gates import QualityGates
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver, load_waivers
from credit.reports.alternatives import AlternativesReport
from credit.reports.candidate import CandidateReport
from credit.reports.choice import Choice, StabilityReport
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport
from credit.reports.figures import label_group
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.reports.provenance import Provenance
from credit.reports.validation import ValidationReport


class Results(NamedTuple):
    """The reports of one run, each as its stage wrote it. Those of candidates are by name, in the order of the stages.

    `provenance` is None for data that was not fetched here, `stability` for a run of before it was measured.
    """

    contract: Contract
    contract_sha256: str
    gates: QualityGates
    fairness: Fairness
    waivers: dict[str, Waiver]
    choice: Choice
    metrics: dict[str, CandidateMetrics]
    candidates: dict[str, CandidateReport]
    judged: dict[str, FairnessReport]
    features: FeaturesReport
    validation: ValidationReport
    alternatives: AlternativesReport
    provenance: Provenance | None
    stability: StabilityReport | None

    def label_group(self, attribute: str, group: str) -> str:
        """Name a group for people: by its label where the contract has one."""
        return label_group(list_group_labels(self.contract), attribute, group)

    def name_group(self, attribute: str, group: str) -> str:
        """Name a group within a sentence, with its attribute."""
        return format_group(attribute, self.label_group(attribute, group))


def read_results(contract: Path, reports: Path, waivers: Path) -> Results:
    """Read all reports. Raises CreditError that names the file which is missing or unreadable."""
    loaded = load_contract(contract)
    choice = Choice.read(reports / "choice.json")
    provenance = reports / "provenance" / f"{contract.stem}.json"
    stability = reports / "stability.json"
    return Results(
        contract=loaded,
        contract_sha256=hashlib.sha256(contract.read_bytes()).hexdigest(),
        gates=read_params(QualityGates, "choose.gates"),
        fairness=read_params(Fairness, "fairness"),
        waivers=load_waivers(waivers),
        choice=choice,
        metrics=Metrics.read(reports / "metrics.json").candidates,
        candidates={name: CandidateReport.read(reports / f"candidates/{name}.json") for name in choice.candidates},
        judged={name: FairnessReport.read(reports / f"fairness/{name}.json") for name in choice.candidates},
        features=FeaturesReport.read(reports / "features.json"),
        validation=ValidationReport.read(reports / "validation.json"),
        alternatives=AlternativesReport.read(reports / "alternatives.json"),
        provenance=Provenance.read(provenance) if provenance.exists() else None,
        stability=StabilityReport.read(stability) if stability.exists() else None,
    )

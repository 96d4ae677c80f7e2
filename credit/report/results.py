"""What the stages before wrote, read from their files. Nothing is computed here."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from credit.common.files import read_json
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.evaluation.gates import QualityGates
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver, load_waivers

Json = dict[str, Any]


class Results(NamedTuple):
    """The reports of one run, each as its stage wrote it. Those of candidates are by name, in the order of the stages.

    `provenance` is None for data that was not fetched here.
    """

    contract: Contract
    contract_sha256: str
    gates: QualityGates
    fairness: Fairness
    waivers: dict[str, Waiver]
    choice: Json
    metrics: Json
    candidates: dict[str, Json]
    judged: dict[str, Json]
    features: Json
    validation: Json
    alternatives: Json
    provenance: Json | None


def read_results(contract: Path, reports: Path, waivers: Path) -> Results:
    """Read them all. Raises CreditError that names the file which is missing or unreadable."""
    loaded = load_contract(contract)
    choice = read_json(reports / "choice.json")
    names = list(choice["candidates"])
    provenance = reports / "provenance" / f"{contract.stem}.json"
    return Results(
        contract=loaded,
        contract_sha256=hashlib.sha256(contract.read_bytes()).hexdigest(),
        gates=read_params(QualityGates, "choose.gates"),
        fairness=read_params(Fairness, "fairness"),
        waivers=load_waivers(waivers),
        choice=choice,
        metrics=read_json(reports / "metrics.json"),
        candidates={name: read_json(reports / "candidates" / f"{name}.json") for name in names},
        judged={name: read_json(reports / "fairness" / f"{name}.json") for name in names},
        features=read_json(reports / "features.json"),
        validation=read_json(reports / "validation.json"),
        alternatives=read_json(reports / "alternatives.json"),
        provenance=read_json(provenance) if provenance.exists() else None,
    )

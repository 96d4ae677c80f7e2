"""A lender of three hundred loans in the current folder, whose parameters make every stage quick."""

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from credit.check.project import check_project
from credit.common.errors import CreditError
from testing.lenders.frozen import LENDER, ROOT
from testing.lenders.loans import CONTRACT, make_loans

CONTRACT_FILE, RAW_FILE, WAIVERS = Path("data/contracts/mine.yaml"), Path("data/raw/mine"), Path("waivers")

QUICK_SEARCH: dict[str, Any] = {
    "seeds": 1,
    "approval_shares": {"lowest": 0.8, "highest": 0.9, "step": 0.1},
    "logistic": {"C": [0.1]},
    "random_forest": {},
    "fair_logistic": {"C": [0.1], "strength": [1]},
    "select_features": [],
    "blends": [0.5],
    "reweighed_logistic": [0.1],
}
"""Keys of `find_alternatives`: one point of each search."""


def shorten(params: dict[str, Any]) -> dict[str, Any]:
    """Make five trees, two folds and one point of each search of the parameters."""
    params["data"]["contract"] = "mine"
    params["train"]["random_forest"]["n_estimators"] = 5
    params["train"]["cross_validation"]["folds"] = params["predict"]["folds"] = 2
    params["select_in_folds"]["partitions"] = 2
    params["find_alternatives"] |= QUICK_SEARCH
    return params


class QuickLender:
    """The contract and the parameters as mappings that a test may change, in the current folder."""

    def __init__(self) -> None:
        self.contract: dict[str, Any] = yaml.load(CONTRACT, yaml.CSafeLoader)
        self.params = shorten(yaml.load((LENDER / "params.yaml").read_text(), yaml.CSafeLoader))

    def write(self) -> None:
        """Write both files, as JSON, which is YAML and quick."""
        CONTRACT_FILE.write_text(json.dumps(self.contract))
        Path("params.yaml").write_text(json.dumps(self.params))

    def check(self, raw: bool = False) -> list[str]:
        """Write both files and check them: the lines of the problems."""
        self.write()
        try:
            check_project(CONTRACT_FILE, WAIVERS, RAW_FILE if raw else None)
        except CreditError as error:
            return [str(problem) for problem in error.problems]
        return []


def make_quick_lender() -> QuickLender:
    """Make the lender, complete, with its table of raw data, in the current folder."""
    for folder in (CONTRACT_FILE.parent, RAW_FILE.parent, WAIVERS, Path("reports/provenance")):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    make_loans(300).to_csv(RAW_FILE, index=False)
    made = QuickLender()
    made.write()
    return made

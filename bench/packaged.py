"""A candidate of the pipeline that ran here, as a bundle."""

from pathlib import Path

from bench.project import ROOT
from credit.packaging.build import Inputs, Package, package


def packaged(candidate: str, folder: Path) -> Path:
    """The bundle with a candidate as its champion, whatever the gates say."""
    data, models, reports = ROOT / "data", ROOT / "models", ROOT / "reports"
    contract, train, test = data / "contracts/loanapp.yaml", data / "train.parquet", data / "test.parquet"
    inputs = Inputs(contract, train, test, models / "candidates", reports / "candidates")
    package(candidate, inputs, Package(max_other_decisions=0), folder, {})
    return folder

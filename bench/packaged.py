"""A candidate of the pipeline that ran here, as a bundle."""

from pathlib import Path

from bench.project import ROOT
from credit.packaging.build import BundleInputs, build_bundle
from credit.training.agreement import PackageParams


def package_candidate(candidate: str, folder: Path) -> Path:
    """Package a candidate as the champion of a bundle, whatever the gates say."""
    data, models, reports = ROOT / "data", ROOT / "models", ROOT / "reports"
    contract, train, test = data / "contracts/loanapp.yaml", data / "train.parquet", data / "test.parquet"
    inputs = BundleInputs(contract, train, test, models / "candidates", reports / "candidates")
    build_bundle(candidate, inputs, PackageParams(max_other_decisions=0), folder, {})
    return folder

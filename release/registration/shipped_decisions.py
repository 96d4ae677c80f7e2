"""Prove that what is shipped is what was judged: the bundle decides the judged rows as the judged predictions say."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.bundle.bundle import Bundle
from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.splitting import SplitParams, mark_test_rows
from credit.data.tables import iterate_partitions, make_frame, open_table
from credit.evaluation.predictions import read_predictions
from credit.reports.choice import Choice, StabilityReport
from credit.reports.predictions import PredictionsReport
from credit.scoring.design_matrix import build_design_matrix
from release.judge.findings import Findings
from release.repository.main_branch import find_main
from release.repository.revision import Revision

_ROUNDING = 0.00005
"""Of the shares in reports, which have four digits."""


class ShippedDecisions(NamedTuple):
    """Judged rows that the shipped model has not been trained on, how many it decides otherwise than was judged.

    `expected`: how many the pipeline has found; none where the shipped model itself was judged.
    """

    rows: int
    others: int
    expected: float


def check_shipped_decisions(commit: str, bundle: Bundle, folder: Path) -> Findings:
    """Check that the bundle in a folder, which is that of a commit, decides as what was judged at that commit.

    Raises CreditError when the tables or the predictions cannot be had.
    """
    revision, name = Revision(f"commit {commit[:10]}", commit), bundle.manifest.candidate
    where, champion = f"the bundle at {revision.name}", _read_champion(revision)
    if name != champion:
        return Findings([Problem(where, f"decides by {name}", f"{champion}, which {Choice.PATH} chose")])
    found, most = count_other_decisions(revision, bundle, folder), _read_most()
    if abs(found.others - found.expected) > most + found.rows * _ROUNDING:
        said = f"{found.others:,} of {found.rows:,} test rows decided otherwise than was judged of {name}"
        expected = f"{found.expected:,.0f}, give or take {most:,} (package.max_other_decisions)"
        fix = "dvc repro --force package, so that bundle, predictions and reports are of one run"
        return Findings([Problem(where, said, expected, fix)])
    return Findings(notes=[_describe(found, name)])


def count_other_decisions(revision: Revision, bundle: Bundle, folder: Path) -> ShippedDecisions:
    """Count the test rows that the bundle decides otherwise than the predictions that were judged."""
    report = PredictionsReport.read_at(revision, PredictionsReport.PATH)
    if report is None:
        raise CreditError(Problem(f"{PredictionsReport.PATH} at {revision.name}", "no such file", fix="run dvc repro"))
    folded, name = bool(report.kept_in_folds), bundle.manifest.candidate
    path = "data/accepted.parquet" if folded else "data/test.parquet"
    contract = load_contract(folder / "contract.yaml")
    with revision.pull_output(path) as table, revision.pull_predictions(name) as file:
        judged = read_predictions(file, contract).decisions
        shipped = _decide_table(bundle, table)
        if len(judged) != len(shipped):
            found = f"{len(judged):,} people in the predictions of {name}"
            raise CreditError(Problem(revision.name, found, f"{len(shipped):,}, the rows of {path}"))
        unseen = np.ones(len(judged), np.bool_)
        if folded:
            bound = contract.bind(open_table(table).schema_arrow.names, path)
            with revision.extract_file("params.yaml") as params:
                unseen = mark_test_rows(bound, table, read_params(SplitParams, "split", params))
    rows, others = int(unseen.sum()), int((judged[unseen] != shipped[unseen]).sum())
    return ShippedDecisions(rows, others, _read_share(revision, name) * rows if folded else 0)


def _decide_table(bundle: Bundle, path: Path) -> NDArray[np.str_]:
    """Decide each row of a table by the thresholds of the bundle, a partition at a time."""
    table, features = open_table(path), list(bundle.model.reasons)
    parts = [
        bundle.model.score(build_design_matrix(bundle.contract, features, make_frame(part)).to_numpy())
        for part in iterate_partitions(table, features)
    ]
    return bundle.model.policy.decide(np.concatenate(parts))


def _read_champion(revision: Revision) -> str | None:
    choice = Choice.read_at(revision, Choice.PATH)
    return choice.champion if choice else None


def _read_share(revision: Revision, name: str) -> float:
    """Read which share of the test rows the pipeline says that the shipped model decides otherwise."""
    report = StabilityReport.read_at(revision, StabilityReport.PATH)
    if report is None or name not in report.candidates:
        where = f"{StabilityReport.PATH} at {revision.name}"
        raise CreditError(Problem(where, f"nothing of {name}", "how it decides once it is shipped", "run dvc repro"))
    return report.candidates[name].shipped.share


def _read_most() -> int:
    """Read how many rows may be decided otherwise, as main says."""
    main = find_main()
    package = Revision(main.name, main.commit).params.get("package")
    return int(package["max_other_decisions"]) if isinstance(package, dict) else 0


def _describe(found: ShippedDecisions, name: str) -> str:
    if not found.others:
        return f"the bundle decides all {found.rows:,} test rows as was judged of {name}"
    told = f"the bundle decides {found.others:,} of {found.rows:,} test rows otherwise than was judged of {name}"
    return f"{told}: by the models of the folds" if found.expected else told

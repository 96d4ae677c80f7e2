"""Judge every candidate on the test rows: quality with intervals, and the curves behind it."""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from credit.common.candidate_names import NAMES
from credit.common.files import rounded, write_json, write_text
from credit.common.params import Params, arguments, read_params
from credit.contract import Contract, load_contract
from credit.data.tables import open_table
from credit.evaluation.metrics import UnitValues, curves, metrics
from credit.training.candidates import Candidate, load_candidate
from credit.training.scores import score_rows


class Evaluate(Params):
    """The block `evaluate`."""

    unit_values: UnitValues
    points: int = Field(ge=10)


def evaluate(
    candidate: Candidate, contract: Contract, test: Path, params: Evaluate
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The metrics and the curves of one candidate."""
    y, scores = score_rows(candidate, contract, test, "evaluate")
    figures = metrics(y, scores, candidate.policy.decide(scores), params.unit_values)
    return figures, curves(y, scores, params.points)


def main() -> None:
    """Write `reports/metrics.json` and a table per curve and candidate."""
    args = arguments(__doc__, "contract", "test", "models", "candidates", "metrics", "plots")
    params = read_params(Evaluate, "evaluate")
    contract = load_contract(args.contract).bound_to(open_table(args.test).schema_arrow.names, str(args.test))
    report: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        candidate = load_candidate(args.models / f"{name}.skops", args.candidates / f"{name}.json")
        report[name], tables = evaluate(candidate, contract, args.test, params)
        for kind, table in tables.items():
            write_text(args.plots / kind / f"{name}.csv", table.round(4).to_csv(index=False, lineterminator="\n"))
    write_json(args.metrics, rounded(report))

"""Judge every candidate on the test rows: quality with intervals, and the curves behind it."""

from pathlib import Path

import pandas as pd
from pydantic import Field

from credit.common.candidate_names import CANDIDATE_NAMES
from credit.common.files import write_text
from credit.common.params import Params, parse_arguments, read_params
from credit.contract import Contract, load_contract
from credit.data.tables import open_table
from credit.evaluation.metrics import UnitValues, compute_curves, compute_metrics
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.training.candidates import Candidate, load_candidate
from credit.training.scores import score_table


class EvaluateParams(Params):
    """The block `evaluate`."""

    unit_values: UnitValues
    points: int = Field(ge=10)


def evaluate_candidate(
    candidate: Candidate, contract: Contract, test: Path, params: EvaluateParams
) -> tuple[CandidateMetrics, dict[str, pd.DataFrame]]:
    """Compute the metrics and the curves of one candidate."""
    y, scores = score_table(candidate, contract, test, "evaluate")
    figures = compute_metrics(y, scores, candidate.policy.decide(scores), params.unit_values)
    return figures, compute_curves(y, scores, params.points)


def main() -> None:
    """Write `reports/metrics.json` and a table per curve and candidate."""
    args = parse_arguments(__doc__, "contract", "test", "models", "candidates", "metrics", "plots")
    params = read_params(EvaluateParams, "evaluate")
    contract = load_contract(args.contract).bind(open_table(args.test).schema_arrow.names, str(args.test))
    figures: dict[str, CandidateMetrics] = {}
    for name in CANDIDATE_NAMES:
        candidate = load_candidate(args.models / f"{name}.skops", args.candidates / f"{name}.json")
        figures[name], tables = evaluate_candidate(candidate, contract, args.test, params)
        for kind, table in tables.items():
            write_text(args.plots / kind / f"{name}.csv", table.round(4).to_csv(index=False, lineterminator="\n"))
    Metrics(figures).round_floats().write(args.metrics)

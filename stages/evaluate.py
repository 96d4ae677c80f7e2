"""Judge every candidate on the test rows: quality with intervals, and the curves behind it.

The scores are kept, in `data/shipped/`, for stages that need what a shipped candidate says and not the candidate.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from credit.common.cli import make_stage
from credit.common.files import replace_folder, write_text
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.tables import open_table
from credit.evaluation.candidates import read_candidate_names, remove_retired_files
from credit.evaluation.directions import measure_directions
from credit.evaluation.metrics import EvaluateParams, compute_curves, compute_metrics
from credit.evaluation.shipped import ShippedScores, write_shipped
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.training.candidates import Candidate, load_candidate
from credit.training.scores import score_table


class Evaluation(NamedTuple):
    """What a candidate scores on the test rows, and the metrics and curves of that."""

    scores: ShippedScores
    figures: CandidateMetrics
    curves: dict[str, pd.DataFrame]


def evaluate_candidate(candidate: Candidate, contract: Contract, test: Path, params: EvaluateParams) -> Evaluation:
    """Score the test rows by one candidate, and compute its metrics and curves."""
    y, scores = score_table(candidate, contract, test, "evaluate")
    figures = compute_metrics(y, scores, candidate.policy.decide(scores), params.unit_values)
    if directions := measure_directions(candidate.score, contract, candidate.features, test):
        figures = figures.model_copy(update={"directions": directions})
    return Evaluation(ShippedScores(y, scores), figures, compute_curves(y, scores, params.points))


@make_stage(__doc__)
def run(
    contract_file: Path,
    test_file: Path,
    models_folder: Path,
    candidates_folder: Path,
    shipped_folder: Path,
    metrics_file: Path,
    plots_folder: Path,
) -> None:
    """Write `reports/metrics.json`, `data/shipped/`, and a table per kind of curve with the rows of every candidate."""
    params = read_params(EvaluateParams, "evaluate")
    contract = load_contract(contract_file).bind(open_table(test_file).schema_arrow.names, str(test_file))
    figures: dict[str, CandidateMetrics] = {}
    names = read_candidate_names()
    remove_retired_files(names, models_folder, candidates_folder, shipped_folder)
    curves: dict[str, list[pd.DataFrame]] = {}
    for name in names:
        candidate = load_candidate(models_folder / f"{name}.skops", candidates_folder / f"{name}.json")
        evaluation = evaluate_candidate(candidate, contract, test_file, params)
        write_shipped(shipped_folder / f"{name}.parquet", evaluation.scores)
        figures[name] = evaluation.figures
        for kind, table in evaluation.curves.items():
            curves.setdefault(kind, []).append(table.assign(candidate=name)[["candidate", *table]])
    with replace_folder(plots_folder) as folder:
        for kind, parts in curves.items():
            table = pd.concat(parts, ignore_index=True).round(4)
            write_text(folder / f"{kind}.csv", table.to_csv(index=False, lineterminator="\n"))
    Metrics(figures).round_floats().write(metrics_file)

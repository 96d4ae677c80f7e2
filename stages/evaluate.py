"""Judge every candidate on the test rows: quality with intervals, and the curves behind it."""

from pathlib import Path

import pandas as pd

from credit.common.cli import make_stage
from credit.common.files import replace_folder, write_text
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.tables import open_table
from credit.evaluation.candidates import read_candidate_names, remove_retired_files
from credit.evaluation.directions import measure_directions
from credit.evaluation.metrics import EvaluateParams, compute_curves, compute_metrics
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.training.candidates import Candidate, load_candidate
from credit.training.scores import score_table


def evaluate_candidate(
    candidate: Candidate, contract: Contract, test: Path, params: EvaluateParams
) -> tuple[CandidateMetrics, dict[str, pd.DataFrame]]:
    """Compute the metrics and the curves of one candidate."""
    y, scores = score_table(candidate, contract, test, "evaluate")
    figures = compute_metrics(y, scores, candidate.policy.decide(scores), params.unit_values)
    if directions := measure_directions(candidate.score, contract, candidate.features, test):
        figures = figures.model_copy(update={"directions": directions})
    return figures, compute_curves(y, scores, params.points)


@make_stage(__doc__)
def run(
    contract_file: Path,
    test_file: Path,
    models_folder: Path,
    candidates_folder: Path,
    metrics_file: Path,
    plots_folder: Path,
) -> None:
    """Write `reports/metrics.json` and a table per kind of curve, with the rows of every candidate."""
    params = read_params(EvaluateParams, "evaluate")
    contract = load_contract(contract_file).bind(open_table(test_file).schema_arrow.names, str(test_file))
    figures: dict[str, CandidateMetrics] = {}
    names = read_candidate_names()
    remove_retired_files(names, models_folder, candidates_folder)
    curves: dict[str, list[pd.DataFrame]] = {}
    for name in names:
        candidate = load_candidate(models_folder / f"{name}.skops", candidates_folder / f"{name}.json")
        figures[name], tables = evaluate_candidate(candidate, contract, test_file, params)
        for kind, table in tables.items():
            curves.setdefault(kind, []).append(table.assign(candidate=name)[["candidate", *table]])
    with replace_folder(plots_folder) as folder:
        for kind, parts in curves.items():
            table = pd.concat(parts, ignore_index=True).round(4)
            write_text(folder / f"{kind}.csv", table.to_csv(index=False, lineterminator="\n"))
    Metrics(figures).round_floats().write(metrics_file)

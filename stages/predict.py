"""Score people whom a candidate has not seen: the predictions that fairness is judged on.

Out of fold, every accepted row is scored by a model of the other folds, with the features that were selected there;
otherwise the test rows are scored by the candidate as it is. `reports/predictions.json` says which it is.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.row_groups import list_row_group_columns
from credit.data.splitting import assign_folds
from credit.data.tables import is_favourable, open_table, read_frame
from credit.evaluation.predictions import Predictions, map_people_columns, write_predictions
from credit.reports.predictions import PredictionsReport
from credit.selection.fold_features import PredictParams
from credit.training.candidates import Candidate, load_candidate
from credit.training.cross_fitting import read_row_sample, score_out_of_fold
from credit.training.scores import score_table
from credit.training.train import TrainParams


def predict_folds(
    name: str,
    contract: Contract,
    accepted: Path,
    params: PredictParams,
    kept: Sequence[Sequence[str]],
    training: TrainParams,
) -> Predictions:
    """Score every accepted row by the candidate, trained on the other folds with the features `kept` there."""
    people = [*map_people_columns(contract).values(), *list_row_group_columns(contract)]
    frame = read_frame(accepted, [*contract.candidate_columns, contract.label, *people])
    codes = assign_folds(contract, accepted, params.folds, params.salt)
    sample = read_row_sample(contract, accepted, training.rows)
    scored = score_out_of_fold(name, training, contract, frame, codes, kept, sample)
    return Predictions(frame, codes, is_favourable(contract, frame), *scored)


def predict_test(candidate: Candidate, contract: Contract, test: Path) -> Predictions:
    """Score the test rows by the candidate as it is."""
    people = read_frame(test, list(map_people_columns(contract).values()))
    y, scores = score_table(candidate, contract, test, "predict")
    return Predictions(people, np.zeros(len(y), np.int64), y, scores, candidate.policy.decide(scores))


@make_stage(__doc__)
def run(
    candidate: str,
    contract_file: Path,
    accepted_file: Path,
    test_file: Path,
    model_file: Path,
    candidate_file: Path,
    report_file: Path,
    predictions_file: Path,
) -> None:
    """Write `data/predictions/<candidate>.parquet`."""
    params, training = read_params(PredictParams, "predict"), read_params(TrainParams, "train")
    contract = load_contract(contract_file).bind(open_table(accepted_file).schema_arrow.names, str(accepted_file))
    report = PredictionsReport.read(report_file)
    if report.kept_in_folds:
        predictions = predict_folds(candidate, contract, accepted_file, params, report.kept_in_folds, training)
    else:
        predictions = predict_test(load_candidate(model_file, candidate_file), contract, test_file)
    write_predictions(predictions_file, contract, predictions)
    print(f"{candidate}: {len(predictions.scores):,} rows scored, {report.predictions}")

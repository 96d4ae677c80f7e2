"""Score every candidate on people whom it has not seen: the predictions that fairness is judged on.

A small table is scored out of fold, all rows of it, with the whole pipeline inside the fold: among some hundreds of
test rows a group is soon too small to judge, and the verdict turns with the salt of the split. A large table is scored
on its test rows, by the candidates as they are; so is one that was split by time, where nobody may be judged by rows
from later. `reports/predictions.json` says which it was, and why.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from credit.common.candidate_names import CANDIDATE_NAMES, CandidateName
from credit.common.cli import make_stage
from credit.common.params import Params, read_params
from credit.contract import Contract, load_contract
from credit.data.splitting import SplitParams, assign_folds
from credit.data.tables import is_favourable, open_table, read_frame
from credit.evaluation.predictions import Predictions, map_people_columns, write_predictions
from credit.reports.predictions import JudgedOn, PredictionsReport
from credit.selection.selection import SelectFeaturesParams
from credit.training.candidates import load_candidate
from credit.training.cross_fitting import score_out_of_fold, select_in_folds
from credit.training.scores import score_table
from credit.training.train import TrainParams


class PredictParams(Params):
    """The block `predict`."""

    out_of_fold_up_to: int = Field(ge=0)
    folds: int = Field(ge=2)
    salt: str

    def choose_predictions(self, rows: int, split: SplitParams) -> tuple[bool, str]:
        """Choose whether to score out of fold; also return why."""
        if split.by == "time":
            return False, "split by time: nobody is judged by a model that has seen later people"
        if rows > self.out_of_fold_up_to:
            return False, f"{rows:,} accepted rows, more than {self.out_of_fold_up_to:,}: the test rows are enough"
        return True, f"{rows:,} accepted rows, at most {self.out_of_fold_up_to:,}: the test rows alone are too few"


def predict_folds(
    contract: Contract, accepted: Path, params: PredictParams, selection: SelectFeaturesParams, training: TrainParams
) -> tuple[dict[CandidateName, Predictions], Sequence[Sequence[str]]]:
    """Score every accepted row by models of the other folds; return each candidate's predictions and the features."""
    frame = read_frame(accepted, [*contract.candidate_columns, contract.label, *map_people_columns(contract).values()])
    codes = assign_folds(contract, accepted, params.folds, params.salt)
    kept = select_in_folds(contract, selection, frame, codes)
    y = is_favourable(contract, frame)
    scored = score_out_of_fold(training, contract, frame, codes, kept)
    return {name: Predictions(frame, codes, y, *result) for name, result in scored.items()}, kept


def predict_test(contract: Contract, test: Path, models: Path, candidates: Path) -> dict[CandidateName, Predictions]:
    """Score the test rows by the candidates as they are."""
    people = read_frame(test, list(map_people_columns(contract).values()))
    by_candidate: dict[CandidateName, Predictions] = {}
    for name in CANDIDATE_NAMES:
        candidate = load_candidate(models / f"{name}.skops", candidates / f"{name}.json")
        y, scores = score_table(candidate, contract, test, "predict")
        by_candidate[name] = Predictions(people, np.zeros(len(y), np.int64), y, scores, candidate.policy.decide(scores))
    return by_candidate


@make_stage(__doc__)
def run(
    contract_file: Path,
    accepted_file: Path,
    test_file: Path,
    models_folder: Path,
    candidates_folder: Path,
    predictions_folder: Path,
    report_file: Path,
) -> None:
    """Write `data/predictions/<candidate>.parquet` and `reports/predictions.json`."""
    params, split = read_params(PredictParams, "predict"), read_params(SplitParams, "split")
    selection, training = read_params(SelectFeaturesParams, "select_features"), read_params(TrainParams, "train")
    table = open_table(accepted_file)
    contract = load_contract(contract_file).bind(table.schema_arrow.names, str(accepted_file))
    folded, why = params.choose_predictions(table.metadata.num_rows, split)
    kept: Sequence[Sequence[str]] = ()
    if folded:
        by_candidate, kept = predict_folds(contract, accepted_file, params, selection, training)
    else:
        by_candidate = predict_test(contract, test_file, models_folder, candidates_folder)
    for name, predictions in by_candidate.items():
        write_predictions(predictions_folder / f"{name}.parquet", contract, predictions)
    rows = len(by_candidate[CANDIDATE_NAMES[0]].scores)
    on: JudgedOn = "out of fold" if folded else "test rows"
    report = PredictionsReport(predictions=on, why=why, rows=rows, kept_in_folds=tuple(map(tuple, kept)))
    report.write(report_file)
    print(f"{rows:,} rows scored, {on} ({why})")

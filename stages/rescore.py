"""Score everybody out of fold again, by further partitions into folds: what the stability of the verdict is read from.

A verdict that turns with the seed of the folds says little. A table that is judged on its test rows has no folds, and
its file no rows; nor has that of a very large table, whose figures hardly move.
"""

from pathlib import Path

from pydantic import Field

from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.params import Params, read_params
from credit.contract import load_contract
from credit.data.splitting import assign_folds
from credit.data.tables import open_table, read_frame
from credit.evaluation.partitions import PartitionScores, name_salt, write_partitions
from credit.reports.predictions import PredictionsReport
from credit.selection.fold_features import select_in_folds
from credit.selection.selection import SelectFeaturesParams
from credit.training.cross_fitting import rescore_out_of_fold
from credit.training.train import TrainParams


class RescoreParams(Params):
    """The block `rescore`. partitions: how many there are, that of `predict` among them; up_to: rows of the table."""

    partitions: int = Field(ge=1)
    up_to: int = Field(ge=0)


@make_stage(__doc__)
def run(candidate: str, contract_file: Path, accepted_file: Path, predicted_file: Path, partitions_file: Path) -> None:
    """Write `data/partitions/<candidate>.parquet`."""
    params, training = read_params(RescoreParams, "rescore"), read_params(TrainParams, "train")
    selection = read_params(SelectFeaturesParams, "select_features")
    contract = load_contract(contract_file).bind(open_table(accepted_file).schema_arrow.names, str(accepted_file))
    predicted = PredictionsReport.read(predicted_file)
    folds = len(predicted.kept_in_folds)
    scored: dict[int, PartitionScores] = {}
    if folds and predicted.rows <= params.up_to:
        frame = read_frame(accepted_file, [*contract.candidate_columns, contract.label, *contract.protected])
        for number in range(1, params.partitions):
            codes = assign_folds(contract, accepted_file, folds, name_salt(number))
            kept = [] if candidate == HEURISTIC else select_in_folds(contract, selection, frame, codes)
            own = rescore_out_of_fold(candidate, training, contract, frame, codes, kept)
            scored[number] = PartitionScores(codes, own.scores, own.decisions)
    write_partitions(partitions_file, scored)
    print(f"{candidate}: {len(scored)} further partitions")

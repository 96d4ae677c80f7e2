"""Score everybody out of fold again, by further partitions into folds: what the stability of the verdict is read from.

A verdict that turns with the seed of the folds says little. A table that is judged on its test rows has no folds, and
its file no rows; nor has that of a very large table, whose figures hardly move.
"""

from pathlib import Path

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.row_groups import list_row_group_columns
from credit.data.splitting import assign_folds
from credit.data.tables import open_table, read_frame
from credit.evaluation.partitions import PartitionScores, name_salt, write_partitions
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.training.cross_fitting import rescore_out_of_fold
from credit.training.train import TrainParams


@make_stage(__doc__)
def run(
    candidate: str,
    contract_file: Path,
    accepted_file: Path,
    predicted_file: Path,
    features_file: Path,
    partitions_file: Path,
) -> None:
    """Write `data/partitions/<candidate>.parquet`."""
    training, kept = read_params(TrainParams, "train"), PartitionFeatures.read(features_file).kept
    contract = load_contract(contract_file).bind(open_table(accepted_file).schema_arrow.names, str(accepted_file))
    folds = len(PredictionsReport.read(predicted_file).kept_in_folds)
    scored: dict[int, PartitionScores] = {}
    if kept:
        frame = read_frame(
            accepted_file,
            [*contract.candidate_columns, contract.label, *contract.protected, *list_row_group_columns(contract)],
        )
        for number, features in enumerate(kept, start=1):
            codes = assign_folds(contract, accepted_file, folds, name_salt(number))
            own = rescore_out_of_fold(candidate, training, contract, frame, codes, features)
            scored[number] = PartitionScores(codes, own.scores, own.decisions)
    write_partitions(partitions_file, scored)
    print(f"{candidate}: {len(scored)} further partitions")

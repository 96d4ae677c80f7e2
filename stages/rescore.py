"""Score everybody out of fold again, by further partitions into folds, and the test rows by other seeds.

What the stability of the verdict is read from, and how far figures move when nothing but a seed changes.

A verdict that turns with the seed of the folds says little. A table that is judged on its test rows has no folds, and
its file no rows; nor has that of a very large table, whose figures hardly move.
"""

from pathlib import Path

import numpy as np

from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.row_groups import list_row_group_columns
from credit.data.splitting import SplitParams, assign_folds, mark_test_rows
from credit.data.tables import open_table, read_frame
from credit.evaluation.partitions import PartitionScores, name_salt, write_partitions
from credit.reports.candidate import CandidateReport
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.training.cross_fitting import OutOfFoldScores, read_row_sample, rescore_out_of_fold, score_rule
from credit.training.reseeding import score_with_other_seeds
from credit.training.train import TrainParams


@make_stage(__doc__)
def run(
    candidate: str,
    contract_file: Path,
    accepted_file: Path,
    predicted_file: Path,
    features_file: Path,
    candidate_file: Path,
    partitions_file: Path,
    reseeded_file: Path,
) -> None:
    """Write `data/partitions/<candidate>.parquet`, and `data/reseeded/<candidate>.parquet` by seed in its place."""
    training, kept = read_params(TrainParams, "train"), PartitionFeatures.read(features_file).kept
    contract = load_contract(contract_file).bind(open_table(accepted_file).schema_arrow.names, str(accepted_file))
    folds = len(PredictionsReport.read(predicted_file).kept_in_folds)
    scored: dict[int, PartitionScores] = {}
    reseeded: dict[int, PartitionScores] = {}
    if kept:
        frame = read_frame(
            accepted_file,
            [*contract.candidate_columns, contract.label, *contract.protected, *list_row_group_columns(contract)],
        )
        sample = read_row_sample(contract, accepted_file, training.rows)
        rule: OutOfFoldScores | None = None
        if candidate == HEURISTIC:  # which learns nothing from folds
            rule = score_rule(training, contract, frame)
        for number, features in enumerate(kept, start=1):
            codes = assign_folds(contract, accepted_file, folds, name_salt(number))
            own = rule or rescore_out_of_fold(candidate, training, contract, frame, codes, features, sample)
            scored[number] = PartitionScores(codes, own.scores, own.decisions)
        unseen = mark_test_rows(contract, accepted_file, read_params(SplitParams, "split"))
        report, folds_of_test = CandidateReport.read(candidate_file), np.zeros(int(unseen.sum()), np.int64)
        seen = sample.mark_seen(~unseen) if sample else ~unseen
        again = score_with_other_seeds(report, training, contract, frame[seen], frame[unseen])
        reseeded = {seed: PartitionScores(folds_of_test, *own) for seed, own in again.items()}
    write_partitions(partitions_file, scored)
    write_partitions(reseeded_file, reseeded)
    print(f"{candidate}: {len(scored)} further partitions, {len(reseeded)} other seeds")

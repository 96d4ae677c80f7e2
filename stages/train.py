"""Train one candidate and prove that it could be shipped. All answer with a score and share the policy.

`reports/candidates/<name>.json` has the settings and thresholds, so that a diff shows a change. The proof: skops stores
and loads the estimator, ONNX can do the same, and both decide training rows alike; better known here, of each candidate
by itself, than in `package`, of the champion alone and at the end.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.row_groups import encode_row_groups, list_row_group_columns
from credit.data.sampling import sample_rows
from credit.data.tables import is_favourable, iterate_marked_rows, open_table
from credit.reports.features import FeaturesReport
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.agreement import PackageParams, prove_shippable
from credit.training.skops_files import dump_estimator, save_archive
from credit.training.train import TrainParams, list_candidate_features, train_candidate
from credit.training.training_groups import list_group_columns, read_training_groups


class TrainingRows(NamedTuple):
    """The rows that a candidate learns from, as `train_candidate` takes them."""

    matrix: NDArray[np.float32]
    favourable: NDArray[np.bool_]
    groups: NDArray[np.int64] | None
    row_groups: NDArray[np.int64] | None


def read_training_rows(
    name: str, contract: Contract, features: Sequence[str], train: Path, marked: NDArray[np.bool_]
) -> TrainingRows:
    """Read the marked rows, of which a partition at a time is there in more than what a candidate learns from."""
    together, people = list_row_group_columns(contract), list_group_columns(name, contract)
    columns = list(dict.fromkeys([*features, contract.label, *people, *together]))
    matrices, favourable, groups, keys = [], [], [], []
    for frame in iterate_marked_rows(open_table(train), columns, marked):
        matrices.append(build_design_matrix(contract, features, frame).to_numpy())
        favourable.append(is_favourable(contract, frame))
        groups += [] if (own := read_training_groups(name, contract, frame)) is None else [own]
        keys.append(frame[together])
    return TrainingRows(
        np.concatenate(matrices),
        np.concatenate(favourable),
        np.concatenate(groups) if groups else None,
        encode_row_groups(contract, pd.concat(keys, ignore_index=True)),
    )


def _describe_rows(sampled: int, rows: int) -> str:
    """Describe how many rows were learned from; nothing where they are all."""
    return "" if sampled == rows else f"{sampled:,} of {rows:,} training rows, "


@make_stage(__doc__)
def run(
    candidate: str,
    contract_file: Path,
    features_file: Path,
    train_file: Path,
    model_file: Path,
    report_file: Path,
) -> None:
    """Write the estimator and its report."""
    params = read_params(TrainParams, "train")
    limit = read_params(PackageParams, "package").max_other_decisions
    contract = load_contract(contract_file).bind(open_table(train_file).schema_arrow.names, str(train_file))
    features = list_candidate_features(
        candidate, contract, FeaturesReport.read(features_file).kept, contract.file or str(contract_file)
    )
    sample = sample_rows(contract, train_file, params.rows)
    rows = read_training_rows(candidate, contract, features, train_file, sample)
    directions = list_directions(contract, features)
    trained = train_candidate(
        candidate,
        params,
        rows.matrix,
        rows.favourable,
        contract.rule,
        groups=rows.groups,
        row_groups=rows.row_groups,
        directions=directions,
    )
    step = -(-len(rows.matrix) // params.cross_validation.rows)
    archive = dump_estimator(trained.estimator)
    agreement = prove_shippable(candidate, trained.estimator, archive, trained.policy, rows.matrix[::step], limit)
    save_archive(archive, model_file)
    trained.make_report(candidate, features).write(report_file)
    print(
        f"{candidate}: {len(features)} features, {_describe_rows(int(sample.sum()), len(sample))}"
        f"cross-validated AUC {trained.cross_validated.roc_auc:.3f}; ONNX agrees to {agreement.largest_difference:.1e}"
    )

"""Train one candidate and prove that it could be shipped. All answer with a score and share the policy.

`reports/candidates/<name>.json` has the settings and thresholds, so that a diff shows a change. The proof: skops stores
and loads the estimator, ONNX can do the same, and both decide training rows alike; better known here, of each candidate
by itself, than in `package`, of the champion alone and at the end.
"""

from pathlib import Path

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.row_groups import encode_row_groups, list_row_group_columns
from credit.data.sampling import hash_rows, mark_sample, read_marked_rows
from credit.data.tables import is_favourable, open_table
from credit.reports.features import FeaturesReport
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.agreement import PackageParams, prove_shippable
from credit.training.skops_files import dump_estimator, save_archive
from credit.training.train import TrainParams, list_candidate_features, train_candidate
from credit.training.training_groups import list_group_columns, read_training_groups


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
    people = list_group_columns(candidate, contract)
    columns = list(dict.fromkeys([*features, contract.label, *people, *list_row_group_columns(contract)]))
    sample = mark_sample(hash_rows(contract, train_file), params.rows)
    frame = read_marked_rows(train_file, columns, sample)
    matrix = build_design_matrix(contract, features, frame).to_numpy()
    groups = read_training_groups(candidate, contract, frame)
    y, together = is_favourable(contract, frame), encode_row_groups(contract, frame)
    directions = list_directions(contract, features)
    trained = train_candidate(
        candidate, params, matrix, y, contract.rule, groups=groups, row_groups=together, directions=directions
    )
    step = -(-len(matrix) // params.cross_validation.rows)
    archive = dump_estimator(trained.estimator)
    agreement = prove_shippable(candidate, trained.estimator, archive, trained.policy, matrix[::step], limit)
    save_archive(archive, model_file)
    trained.make_report(candidate, features).write(report_file)
    print(
        f"{candidate}: {len(features)} features, {_describe_rows(int(sample.sum()), len(sample))}"
        f"cross-validated AUC {trained.cross_validated.roc_auc:.3f}; ONNX agrees to {agreement.largest_difference:.1e}"
    )

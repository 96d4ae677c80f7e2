"""Train one candidate: heuristic, logistic or random_forest. All three answer with a score and share the policy.

`reports/candidates/<name>.json` has the settings and thresholds, so that a diff shows a change.
"""

from pathlib import Path

from credit.common.candidate_names import CandidateName
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.tables import is_favourable, open_table, read_frame
from credit.reports.features import FeaturesReport
from credit.scoring.design_matrix import build_design_matrix
from credit.training.skops_files import save_estimator
from credit.training.train import TrainParams, list_candidate_features, train_candidate


@make_stage(__doc__)
def run(
    candidate: CandidateName,
    contract_file: Path,
    features_file: Path,
    train_file: Path,
    model_file: Path,
    report_file: Path,
) -> None:
    """Write the estimator and its report."""
    params = read_params(TrainParams, "train")
    contract = load_contract(contract_file).bind(open_table(train_file).schema_arrow.names, str(train_file))
    features = list_candidate_features(candidate, contract, FeaturesReport.read(features_file).kept, str(contract_file))
    frame = read_frame(train_file, [*features, contract.label])
    matrix = build_design_matrix(contract, features, frame).to_numpy()
    trained = train_candidate(candidate, params, matrix, is_favourable(contract, frame), contract.rule)
    save_estimator(trained.estimator, model_file)
    trained.make_report(candidate, features).write(report_file)
    print(f"{candidate}: {len(features)} features, cross-validated AUC {trained.cross_validated.roc_auc:.3f}")

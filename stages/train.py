"""Train one candidate: heuristic, logistic or random_forest. All three answer with a score and share the policy.

`reports/candidates/<name>.json` has the settings and thresholds, so that a diff shows a change.
"""

from credit.common.candidate_names import CandidateName
from credit.common.params import parse_arguments, read_params
from credit.contract import load_contract
from credit.data.tables import is_favourable, open_table, read_frame
from credit.reports.features import FeaturesReport
from credit.scoring.design_matrix import build_design_matrix
from credit.training.skops_files import save_estimator
from credit.training.train import TrainParams, list_candidate_features, train_candidate


def main() -> None:
    """Write the estimator and its report."""
    args = parse_arguments(__doc__, "candidate", "contract", "features", "train", "model", "report")
    name: CandidateName = args.candidate.name
    params = read_params(TrainParams, "train")
    contract = load_contract(args.contract).bind(open_table(args.train).schema_arrow.names, str(args.train))
    features = list_candidate_features(name, contract, FeaturesReport.read(args.features).kept, str(args.contract))
    frame = read_frame(args.train, [*features, contract.label])
    threshold = contract.columns[contract.score].threshold if contract.score else None
    matrix = build_design_matrix(contract, features, frame).to_numpy()
    trained = train_candidate(name, params, matrix, is_favourable(contract, frame), threshold)
    save_estimator(trained.estimator, args.model)
    trained.make_report(name, features).write(args.report)
    print(f"{name}: {len(features)} features, cross-validated AUC {trained.cross_validated.roc_auc:.3f}")

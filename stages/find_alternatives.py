"""Search for a less discriminatory alternative: other models and thresholds, quality against every limit of the policy.

The question that a lender will be asked: was there a way to decide that served as well and treated people more
alike? `reports/alternatives.json` has every point that was tried, the frontier, the fairest one within a loss of
quality that params tolerate, and the best one within every limit. Nothing here decides: a point that looks good is set
in params, by a person, and judged like any other.
"""

from pathlib import Path

from credit.alternatives.fold_scores import blend_scores
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.partitions import SearchInputs, read_candidates, read_known_scores, read_partitions
from credit.alternatives.points import Gates, read_people
from credit.alternatives.search import SearchedPeople, build_report, decide_at, list_trained, measure_points
from credit.alternatives.searched import hash_basis, score_new_variants
from credit.alternatives.variants import list_blends, list_variants
from credit.alternatives.wording import add_switches, describe_sample
from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.contract.groups import list_group_labels
from credit.data.sampling import SEARCHED, sample_rows
from credit.data.splitting import assign_folds
from credit.data.tables import open_table
from credit.evaluation.metrics import UnitValues
from credit.fairness.inputs import encode_decisions
from credit.fairness.policies import Fairness
from credit.reports.choice import Choice
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.selection.selection import SelectFeaturesParams
from credit.training.train import PolicyParams, TrainParams


def list_shares(params: FindAlternativesParams, policy: PolicyParams, base_rate: float) -> list[float]:
    """List the shares of people to approve: those of params, and that by which candidates are trained."""
    trained = base_rate if policy.approval_share == "base_rate" else float(policy.approval_share)
    return sorted({*params.approval_shares.values, round(trained, 4)})


@make_stage(__doc__)
def run(
    contract_file: Path,
    accepted_file: Path,
    train_file: Path,
    test_file: Path,
    features_file: Path,
    predictions_folder: Path,
    partitions_folder: Path,
    predicted_file: Path,
    partition_features_file: Path,
    choice_file: Path,
    alternatives_file: Path,
) -> None:
    """Write `reports/alternatives.json`."""
    params, training = read_params(FindAlternativesParams, "find_alternatives"), read_params(TrainParams, "train")
    selection, fairness = read_params(SelectFeaturesParams, "select_features"), read_params(Fairness, "fairness")
    gates = Gates(fairness.chosen_policy, fairness.rules, read_params(UnitValues, "evaluate.unit_values"))
    names = open_table(accepted_file).schema_arrow.names
    contract = load_contract(contract_file).bind(names, str(accepted_file))
    predicted = PredictionsReport.read(predicted_file)
    judged_file = accepted_file if predicted.kept_in_folds else test_file
    people = sample_rows(contract, judged_file, params.people, SEARCHED)
    candidates, known = read_candidates(contract, training.candidates, predictions_folder, people)
    first = candidates[HEURISTIC]
    half = assign_folds(contract, judged_file, 2, "half")[people] == 0
    searched = SearchedPeople(read_people(contract, first), half, gates)
    partitions = read_partitions(
        contract,
        SearchInputs(accepted_file, train_file, test_file, features_file),
        predicted,
        read_known_scores(known, partitions_folder, params.seeds),
        PartitionFeatures.read(partition_features_file).kept,
        training,
        people,
    )
    variants = list_variants(params, training, contract)
    blends = list_blends(params, variants)
    basis = hash_basis(
        [contract_file, accepted_file, train_file, test_file],
        partitions,
        people,
        [selection, training.rows, training.cross_validation],
    )
    scores = score_new_variants(contract, selection, partitions, variants, training.cross_validation.seed, basis)
    scores += blend_scores(scores, blends)
    shares = list_shares(params, training.policy, float(first.favourable.mean()))
    budget = training.policy.referral_budget
    others = measure_points(searched, [*variants, *blends], scores, shares, budget)
    as_trained = {name: searched.measure(one.scores, one.decisions) for name, one in candidates.items()}
    trained = list_trained(as_trained, Choice.read(choice_file).champion)

    def rejudge(place: int) -> float:
        if place < len(trained):
            own = candidates[training.candidates[place]]
            return searched.judge(training.candidates[place], [own.scores], [encode_decisions(own.decisions)])
        variant, share = divmod(place - len(trained), len(shares))
        decisions = decide_at(scores[variant], shares[share], budget)
        return searched.judge("alternative", scores[variant], decisions)

    labels = list_group_labels(contract)
    report = build_report(params, predicted, len(partitions), trained, others, rejudge, labels).round_floats()
    if len(half) < predicted.rows:
        finding = f"{report.finding} {describe_sample(len(half), predicted.rows)}"
        report = report.model_copy(update={"people": len(half), "finding": finding})
    if report.command:
        report = report.model_copy(update={"command": add_switches(report.command, training)})
    report.write(alternatives_file)
    print(report.finding)
    if report.command:
        print(f"to try it: {report.command}")

"""Show how champion, ratios and verdicts move with the seed of the folds, and whether they are about the shipped model.

Each partition of the rows into folds is judged and chosen in like the first; nothing is trained here. Fewer champions
alike than params ask for are a warning, not a gate: what to do about a choice by chance is for a person to say. Beside
it, how far the figures of the test rows move with the seed of training.
"""

from collections import Counter
from pathlib import Path

from credit.choice.champion import ChooseParams
from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.contract.groups import list_group_labels
from credit.data.splitting import SplitParams, mark_test_rows
from credit.data.tables import open_table
from credit.evaluation.candidates import read_candidate_names, remove_retired_files
from credit.evaluation.metrics import UnitValues
from credit.evaluation.partitions import read_partitions
from credit.evaluation.predictions import read_predictions
from credit.evaluation.shipped import read_shipped
from credit.fairness.policies import Fairness
from credit.fairness.waivers import load_waivers
from credit.reports.candidate import CandidateReport
from credit.reports.choice import Choice, StabilityReport
from credit.reports.predictions import PredictionsReport
from credit.scoring.policy import Policy
from credit.stability.repeats import Gates, StabilityParams, repeat_choices, summarise_candidate
from credit.stability.seeds import measure_seeds
from credit.stability.shipped import compare_shipped
from credit.stability.wording import describe_stability


@make_stage(__doc__)
def run(
    contract_file: Path,
    accepted_file: Path,
    predictions_folder: Path,
    partitions_folder: Path,
    reseeded_folder: Path,
    predicted_file: Path,
    shipped_folder: Path,
    candidates_folder: Path,
    waivers_folder: Path,
    choice_file: Path,
    report_file: Path,
) -> None:
    """Write `reports/stability.json`."""
    params, names = read_params(StabilityParams, "stability"), read_candidate_names()
    remove_retired_files(names, partitions_folder, reseeded_folder)
    if not PredictionsReport.read(predicted_file).kept_in_folds:
        finding = "The test rows are judged, by the shipped candidates themselves: there are no folds to divide anew."
        empty = StabilityReport(
            partitions=1,
            least_agreement=params.least_agreement,
            champion=None,
            agreement=0,
            stands=True,
            finding=finding,
            candidates={},
        )
        empty.write(report_file)
        print(finding)
        return
    contract = load_contract(contract_file).bind(open_table(accepted_file).schema_arrow.names, str(accepted_file))
    gates = Gates(
        read_params(Fairness, "fairness"),
        read_params(ChooseParams, "choose"),
        read_params(UnitValues, "evaluate.unit_values"),
        load_waivers(waivers_folder),
    )
    first = {name: read_predictions(predictions_folder / f"{name}.parquet", contract) for name in names}
    further = {
        name: read_partitions(partitions_folder / f"{name}.parquet", len(one.scores)) for name, one in first.items()
    }
    repeats = repeat_choices(contract, first, further, gates)
    unseen = mark_test_rows(contract, accepted_file, read_params(SplitParams, "split"))
    candidates = {}
    for name in names:
        policy = Policy(**dict(CandidateReport.read(candidates_folder / f"{name}.json").policy))
        y, own = read_shipped(shipped_folder / f"{name}.parquet", int(unseen.sum()))
        decisions = policy.decide(own)
        shipped = compare_shipped(contract, first[name], decisions, policy.approve_from, unseen)
        seeds = None
        if len(repeats) > 1:
            again = read_partitions(reseeded_folder / f"{name}.parquet", len(y))
            fits = [(own, decisions), *((one.scores, one.decisions) for one in again.values())]
            if again or name == HEURISTIC:
                seeds = measure_seeds(y, fits, gates.values)
        candidates[name] = summarise_candidate(name, repeats, seeds, shipped)
    labels = list_group_labels(contract)
    champion, agreement = Counter(one.champion for one in repeats).most_common(1)[0]
    report = StabilityReport(
        partitions=len(repeats),
        least_agreement=params.least_agreement,
        champion=champion,
        agreement=agreement,
        stands=len(repeats) == 1 or agreement >= params.least_agreement * len(repeats),
        finding=describe_stability(len(repeats), champion, agreement, params.least_agreement, candidates, labels),
        candidates=candidates,
    )
    report.round_floats().write(report_file)
    if not report.stands:
        print("warning: the champion is a matter of chance")
    if champion != (chosen := Choice.read(choice_file).champion):
        print(f"warning: {chosen} goes forward by its test rows, {champion} in most partitions by figures out of fold")
    print(report.finding)

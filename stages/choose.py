"""Choose the champion: the best candidate that passes every gate of quality and equal treatment; else the incumbent.

`reports/choice.json` says who goes forward, and of every other candidate why it does not; which candidate is better
than the incumbent on both counts, and the waiver that would let it go. The best and the fairest candidate are side by
side in it, so that a reader sees what each costs in terms of the other.
"""

from collections.abc import Mapping
from pathlib import Path

from credit.choice.champion import ChooseParams, choose_champion
from credit.choice.incumbent import Standards, find_better_candidates
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.evaluation.metrics import UnitValues
from credit.evaluation.predictions import read_predictions
from credit.fairness.policies import Fairness
from credit.reports.choice import BetterCandidate, Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics


@make_stage(__doc__)
def run(
    contract_file: Path, metrics_file: Path, fairness_folder: Path, predictions_folder: Path, choice_file: Path
) -> None:
    """Write `reports/choice.json`."""
    params, contract = read_params(ChooseParams, "choose"), load_contract(contract_file)
    metrics = Metrics.read(metrics_file).candidates
    fairness = {name: FairnessReport.read(fairness_folder / f"{name}.json") for name in metrics}
    predictions = {name: read_predictions(predictions_folder / f"{name}.parquet", contract) for name in metrics}
    standards = Standards(params, read_params(Fairness, "fairness"), read_params(UnitValues, "evaluate.unit_values"))
    choice = choose_champion(params, metrics, fairness)
    better = find_better_candidates(choice, standards, contract, predictions, fairness)
    choice = choice.model_copy(update={"better": better}).round_floats()
    choice.write(choice_file)
    print_choice(choice, fairness)


def print_choice(choice: Choice, fairness: Mapping[str, FairnessReport]) -> None:
    """Print who goes forward, what stands against the others, and what each of the outstanding ones costs."""
    print(f"champion: {choice.champion}, {choice.why}")
    for name, candidate in choice.candidates.items():
        for reason in candidate.against:
            print(f"  against {name}: {reason}")
    for one in choice.side_by_side:
        lowest = fairness[one.candidate].lowest_adverse_impact_ratio
        group = lowest and fairness[one.candidate].name_group(lowest.attribute, lowest.group)
        whom = f"{one.lowest_adverse_impact_ratio} for {lowest.attribute}: {group}" if lowest else "none"
        figures = f"{choice.metric} {one.get_value(choice.metric)}, worst-group ratio {whom}"
        print(f"  {' and '.join(one.stands_out)}: {one.candidate} ({figures})")
    for better in choice.better:
        print(f"  {describe_better_candidate(better, choice)}")


def describe_better_candidate(better: BetterCandidate, choice: Choice) -> str:
    """Describe a candidate that is better than the incumbent, in one line."""
    low, high = better.quality_change_interval
    return (
        f"{better.candidate} is better than the incumbent {choice.incumbent}: {choice.metric} "
        f"{better.quality_change:+} ({low:+} to {high:+}), worst-group ratio {better.worst_group_ratio} against "
        f"{better.incumbent_worst_group_ratio}, about the same people"
    )

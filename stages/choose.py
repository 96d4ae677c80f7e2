"""Choose the champion: the best candidate that passes every gate of quality and equal treatment; else the rule.

`reports/choice.json` says who goes forward, and of every other candidate why it does not. The best and the fairest
candidate are side by side in it, so that a reader sees what each costs in terms of the other.
"""

from pathlib import Path

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.evaluation.choice import ChooseParams, choose_champion
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics


@make_stage(__doc__)
def run(metrics_file: Path, fairness_folder: Path, choice_file: Path) -> None:
    """Write `reports/choice.json`."""
    params = read_params(ChooseParams, "choose")
    metrics = Metrics.read(metrics_file).candidates
    fairness = {name: FairnessReport.read(fairness_folder / f"{name}.json") for name in metrics}
    choice = choose_champion(params, metrics, fairness).round_floats()
    choice.write(choice_file)
    print(f"champion: {choice.champion}, {choice.why}")
    for name, candidate in choice.candidates.items():
        for reason in candidate.against:
            print(f"  against {name}: {reason}")
    for one in choice.side_by_side:
        lowest = fairness[one.candidate].lowest_adverse_impact_ratio
        group = lowest and fairness[one.candidate].name_group(lowest.attribute, lowest.group)
        whom = f"{one.lowest_adverse_impact_ratio} for {lowest.attribute}: {group}" if lowest else "none"
        figures = f"{params.metric} {one.get_value(params.metric)}, worst-group ratio {whom}"
        print(f"  {' and '.join(one.stands_out)}: {one.candidate} ({figures})")

"""The verdict in every partition into folds, so that nobody finds a seed by which a candidate passes."""

from collections import Counter
from pathlib import Path

from credit.choice.champion import ChooseParams
from credit.common.params import read_params
from credit.contract import load_contract
from credit.evaluation.candidates import read_candidate_names
from credit.evaluation.metrics import UnitValues
from credit.evaluation.partitions import read_partitions
from credit.evaluation.predictions import read_predictions
from credit.fairness.policies import Fairness
from credit.fairness.waivers import load_waivers
from credit.reports.predictions import PredictionsReport
from credit.stability.repeats import Gates, repeat_choice, replace_scores


def count_champions(folder: Path) -> dict[str, int]:
    """Count by candidate in how many partitions of a trial it goes forward; {} where the test rows are judged.

    Raises CreditError when the scores of a partition are not about the people who are judged.
    """
    if not PredictionsReport.read(folder / PredictionsReport.PATH).kept_in_folds:
        return {}
    contract, gates = load_contract(folder / "data/contract.yaml"), read_gates(folder)
    names = read_candidate_names(folder / "params.yaml")
    first = {name: read_predictions(folder / f"data/predictions/{name}.parquet", contract) for name in names}
    further = {
        name: read_partitions(folder / f"data/partitions/{name}.parquet", len(one.scores))
        for name, one in first.items()
    }
    numbers = set.intersection(*(set(partitions) for partitions in further.values()))
    champions = Counter([repeat_choice(contract, first, gates).champion])
    for number in sorted(numbers):
        scores = {name: replace_scores(first[name], further[name][number]) for name in names}
        champions[repeat_choice(contract, scores, gates).champion] += 1
    return dict(champions.most_common())


def read_gates(folder: Path) -> Gates:
    """Read what a folder's params and waivers judge and choose by."""
    params = folder / "params.yaml"
    return Gates(
        read_params(Fairness, "fairness", params),
        read_params(ChooseParams, "choose", params),
        read_params(UnitValues, "evaluate.unit_values", params),
        load_waivers(folder / "waivers"),
    )

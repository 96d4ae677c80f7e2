"""The verdict in every partition into folds, so that nobody finds a seed by which a candidate passes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.choice.champion import ChooseParams
from credit.common.errors import Problem, raise_if_any
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.splitting import assign_folds
from credit.data.tables import open_table
from credit.evaluation.candidates import read_candidate_names
from credit.evaluation.metrics import UnitValues
from credit.evaluation.partitions import PartitionScores, name_salt, read_partitions
from credit.evaluation.predictions import read_predictions
from credit.fairness.policies import Fairness
from credit.fairness.waivers import load_waivers
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.stability.repeats import Gates, repeat_choices


def count_champions(folder: Path) -> dict[str, int]:
    """Count by candidate in how many partitions of a trial it goes forward; {} where the test rows are judged.

    Raises CreditError when a partition is missing, or its scores are not about the people who are judged.
    """
    if not PredictionsReport.read(folder / PredictionsReport.PATH).kept_in_folds:
        return {}
    accepted = folder / "data/accepted.parquet"
    contract = load_contract(folder / "data/contract.yaml").bind(open_table(accepted).schema_arrow.names, str(accepted))
    gates = read_gates(folder)
    names = read_candidate_names(folder / "params.yaml")
    first = {name: read_predictions(folder / f"data/predictions/{name}.parquet", contract) for name in names}
    further = {
        name: read_partitions(folder / f"data/partitions/{name}.parquet", len(one.scores))
        for name, one in first.items()
    }
    expected = _assign_partitions(folder, contract, accepted)
    raise_if_any([problem for name, own in further.items() for problem in find_other_partitions(name, own, expected)])
    champions = Counter(one.champion for one in repeat_choices(contract, first, further, gates))
    return dict(champions.most_common())


def _assign_partitions(folder: Path, contract: Contract, accepted: Path) -> dict[int, NDArray[np.int64]]:
    """Assign everybody's fold in each further partition, as the base's own code and salts do."""
    folds = len(PredictionsReport.read(folder / PredictionsReport.PATH).kept_in_folds)
    kept = PartitionFeatures.read(folder / PartitionFeatures.PATH).kept
    return {number: assign_folds(contract, accepted, folds, name_salt(number)) for number in range(1, len(kept) + 1)}


def find_other_partitions(
    candidate: str, found: Mapping[int, PartitionScores], expected: Mapping[int, NDArray[np.int64]]
) -> list[Problem]:
    """Find what is wrong with the partitions that the code of a change wrote: all have to be there, with their folds.

    A change that left some out would be judged by those that suit it.
    """
    where = f"the partitions of {candidate}"
    if found.keys() != expected.keys():
        return [Problem(where, f"numbers {_list(found)}", _list(expected))]
    wrong = [number for number, folds in expected.items() if not np.array_equal(found[number].folds, folds)]
    return [Problem(where, f"other folds in {_list(wrong)}", "those of the base's salts")] if wrong else []


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"


def read_gates(folder: Path) -> Gates:
    """Read what a folder's params and waivers judge and choose by."""
    params = folder / "params.yaml"
    return Gates(
        read_params(Fairness, "fairness", params),
        read_params(ChooseParams, "choose", params),
        read_params(UnitValues, "evaluate.unit_values", params),
        load_waivers(folder / "waivers"),
    )

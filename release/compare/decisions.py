"""Decisions that change: the champions of two revisions on the same people, one by one."""

from pathlib import Path
from typing import Any

import numpy as np

from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.evaluation.predictions import Predictions, read_predictions
from credit.fairness.policies import Fairness
from credit.fairness.version_comparison import compare_versions, count_paired_predictions
from credit.scoring.policy import DECISION_KINDS
from release.repository.revision import Revision


def compare_decisions(base: Revision, head: Revision, before: str | None, after: str | None) -> dict[str, Any]:
    """Compare the decisions: people, a table of flips, and the changes per group, with intervals.

    `why_not` says why there is nothing, when the predictions or the people cannot be compared.
    """
    if before is None or after is None:
        return {"why_not": "one of the two has no champion"}
    try:
        with base.pull_predictions(before) as old, head.pull_predictions(after) as new:
            return _compare_prediction_files(old, new, head)
    except CreditError as error:
        return {"why_not": str(error).partition("\n")[0]}


def _compare_prediction_files(old_file: Path, new_file: Path, head: Revision) -> dict[str, Any]:
    with head.extract_file(head.contract_path) as contract_file, head.extract_file("params.yaml") as params_file:
        contract = load_contract(contract_file)
        params = read_params(Fairness, "fairness", params_file)
    return compare_predictions(
        contract, params, read_predictions(old_file, contract), read_predictions(new_file, contract)
    )


def compare_predictions(contract: Contract, params: Fairness, old: Predictions, new: Predictions) -> dict[str, Any]:
    """Compare two tables of predictions, joined on the id where the contract has one, else row by row."""
    everybody = [len(old.decisions), len(new.decisions)]
    old, new = _match_people(list(contract.find_by_role("id")), old, new)
    people = len(new.decisions)
    if not people:
        return {"why_not": "no person is in both tables of predictions"}
    counts = count_paired_predictions(contract, old, new, "the predictions of the base")
    flips = [[int(((old.decisions == a) & (new.decisions == b)).sum()) for b in DECISION_KINDS] for a in DECISION_KINDS]
    return {
        "people": people,
        "only_in_base": everybody[0] - people,
        "only_in_head": everybody[1] - people,
        "decisions": list(DECISION_KINDS),
        "flips": flips,
        "flipped": int((old.decisions != new.decisions).sum()),
        **compare_versions(counts, params.rules).model_dump(mode="json"),
    }


def _match_people(ids: list[str], old: Predictions, new: Predictions) -> tuple[Predictions, Predictions]:
    if not ids:
        return old, new
    index = [predictions.people[ids].astype(str).agg("\0".join, axis=1) for predictions in (old, new)]
    _, first, second = np.intersect1d(index[0], index[1], return_indices=True)
    return _select_rows(old, first), _select_rows(new, second)


def _select_rows(predictions: Predictions, at: Any) -> Predictions:
    people = predictions.people.iloc[at].reset_index(drop=True)
    return Predictions(
        people, predictions.folds[at], predictions.favourable[at], predictions.scores[at], predictions.decisions[at]
    )

"""Whose decision changes: the champions of two revisions on the same people, one by one."""

from pathlib import Path
from typing import Any

import numpy as np

from credit.common.errors import CreditError
from credit.contract import Contract
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from release.repository.revision import Revision


def who_is_decided_otherwise(base: Revision, head: Revision, before: str | None, after: str | None) -> dict[str, Any]:
    """People, a table of flips from decision to decision, and per group what changed, with intervals.

    `why_not` says why there is nothing, when the predictions or the people cannot be compared.
    """
    if before is None or after is None:
        return {"why_not": "one of the two has no champion"}
    try:
        with base.predictions(before) as old, head.predictions(after) as new:
            return _compared(old, new, head)
    except CreditError as error:
        return {"why_not": str(error).partition("\n")[0]}


def _compared(old_file: Path, new_file: Path, head: Revision) -> dict[str, Any]:
    from credit.common.params import read_params
    from credit.contract import load_contract
    from credit.evaluation.predictions import read_predictions

    with head.file(head.contract) as contract_file, head.file("params.yaml") as params_file:
        contract = load_contract(contract_file)
        params = read_params(Fairness, "fairness", params_file)
    return decided(contract, params, read_predictions(old_file, contract), read_predictions(new_file, contract))


def decided(contract: Contract, params: Fairness, old: Predictions, new: Predictions) -> dict[str, Any]:
    """The comparison of two tables, joined on the id where the contract has one, else row by row."""
    from credit.fairness.paired import compare, counted_paired
    from credit.scoring.policy import DECISIONS

    everybody = [len(old.decisions), len(new.decisions)]
    old, new = _in_both(list(contract.of_role("id")), old, new)
    people, rules = len(new.decisions), params.rules
    if not people:
        return {"why_not": "nobody is in both tables of predictions"}
    counts = counted_paired(contract, old, new, "the predictions of the base")
    flips = [[int(((old.decisions == a) & (new.decisions == b)).sum()) for b in DECISIONS] for a in DECISIONS]
    return {
        "people": people,
        "only_in_base": everybody[0] - people,
        "only_in_head": everybody[1] - people,
        "decisions": list(DECISIONS),
        "flips": flips,
        "flipped": int((old.decisions != new.decisions).sum()),
        **compare(counts, rules.level, rules.largest_drop, rules.smallest_denominator),
    }


def _in_both(ids: list[str], old: Predictions, new: Predictions) -> tuple[Predictions, Predictions]:
    if not ids:
        return old, new
    index = [told.people[ids].astype(str).agg("\0".join, axis=1) for told in (old, new)]
    _, first, second = np.intersect1d(index[0], index[1], return_indices=True)
    return _rows(old, first), _rows(new, second)


def _rows(told: Predictions, at: Any) -> Predictions:
    people = told.people.iloc[at].reset_index(drop=True)
    return Predictions(people, told.folds[at], told.favourable[at], told.scores[at], told.decisions[at])

"""Whose decision changes: the champions of two revisions on the same people, one by one."""

from pathlib import Path
from typing import Any

import numpy as np

from credit.errors import CreditError
from release.compare.revision import Revision


def who_is_decided_otherwise(base: Revision, head: Revision, before: str, after: str) -> dict[str, Any]:
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
    from credit.command import read_params
    from credit.contract import load_contract
    from credit.fairness.judging import counted_paired
    from credit.fairness.paired import compare
    from credit.fairness.policy import Fairness
    from credit.policy import DECISIONS
    from credit.predictions import Predictions, read_predictions

    with head.file(head.contract) as contract_file, head.file("params.yaml") as params_file:
        contract = load_contract(contract_file)
        rules = read_params(Fairness, "fairness", params_file).rules
    old, new = read_predictions(old_file, contract), read_predictions(new_file, contract)
    ids = contract.of_role("id")
    if ids:
        index = [told.people[ids].astype(str).agg("\0".join, axis=1) for told in (old, new)]
        _, first, second = np.intersect1d(index[0], index[1], return_indices=True)
        old, new = (
            Predictions(
                told.people.iloc[at].reset_index(drop=True),
                told.folds[at],
                told.favourable[at],
                told.scores[at],
                told.decisions[at],
            )
            for told, at in ((old, first), (new, second))
        )
    counts = counted_paired(contract, old, new, "the predictions of the base")
    told = compare(counts, rules.level, rules.largest_drop, rules.smallest_denominator)
    flips = [[int(((old.decisions == a) & (new.decisions == b)).sum()) for b in DECISIONS] for a in DECISIONS]
    return {
        "people": len(new.decisions),
        "decisions": list(DECISIONS),
        "flips": flips,
        "flipped": int(sum(map(sum, flips)) - sum(flips[i][i] for i in range(len(DECISIONS)))),
        **told,
    }

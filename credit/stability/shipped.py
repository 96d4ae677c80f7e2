"""Compare the shipped candidate with the models of the folds, which the verdict is about."""

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.evaluation.predictions import Predictions
from credit.fairness.inputs import encode_groups, list_attribute_groups
from credit.reports.choice import GroupDifference, ShippedDifference
from credit.reports.figures import group_key
from credit.stability.repeats import measure_spread


def compare_shipped(
    contract: Contract,
    predictions: Predictions,
    decisions: NDArray[np.str_],
    approve_from: float | None,
    unseen: NDArray[np.bool_],
) -> ShippedDifference:
    """Compare decisions out of fold with those of the shipped candidate about rows that it has not seen.

    decisions: of the test rows, in their order. unseen: which of the n people these are, shape (n,). approve_from: the
    shipped threshold.
    """
    others = predictions.decisions[unseen] != decisions
    groups, codes = list_attribute_groups(contract), encode_groups(contract, predictions.people)
    by_group = {
        group_key(attribute, name): others[codes[attribute][unseen] == code]
        for attribute, names in groups.items()
        for code, name in enumerate(names)
    }
    approved = predictions.decisions == "approve"
    lowest = [
        float(predictions.scores[approved & (predictions.folds == fold)].min())
        for fold in np.unique(predictions.folds[approved])
    ]
    return ShippedDifference(
        rows=int(unseen.sum()),
        share=float(others.mean()),
        groups={
            key: GroupDifference(people=len(of), share=float(of.mean())) for key, of in by_group.items() if len(of)
        },
        approve_from=approve_from,
        approve_from_in_folds=measure_spread(lowest),
        approved=float((decisions == "approve").mean()),
        approved_in_folds=float(approved[unseen].mean()),
    )

"""Proxies: how well all features together guess a protected attribute that the models are not given."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from credit.contract import Contract
from credit.contract.groups import assign_groups
from credit.data.row_groups import encode_row_groups, list_row_group_columns, make_splitter
from credit.scoring.design_matrix import build_design_matrix
from credit.selection.binned_auc import AUC_FOLDS

PROXIES = "select_features: guessing a group by all features together"
"""Where the folds are, for errors."""

_TREE_ROWS = 4000
"""Rows that each tree is grown on, of at least twice as many: as good a guess as by all of 20,000, in a third of the
time, as together the trees see all rows."""


def measure_joint_proxy(
    contract: Contract,
    features: Sequence[str],
    read: Callable[[str], pd.Series],
    sample: int,
    min_group: int,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Measure the cross-validated AUC, per protected attribute and group, of a random forest that guesses the group.

    0.5 is no better than chance, 1 is certain. At most `sample` rows, evenly spaced, are used, some
    thousands of them by each tree; groups of fewer than `min_group` people among them are left to the others' rest and
    get no figure of their own.
    """
    from joblib import parallel_config
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    from credit.training.forest import Forest

    columns = [*features, *contract.protected, *list_row_group_columns(contract)]
    frame = pd.DataFrame({name: read(name) for name in columns})
    frame = frame.iloc[:: -(-len(frame) // sample)]
    matrix = build_design_matrix(contract, features, frame).fillna(-1e6).to_numpy()  # trees: missing is its own place
    together = encode_row_groups(contract, frame)
    result: dict[str, dict[str, float]] = {}
    for attribute in contract.protected:
        groups = assign_groups(contract, attribute, frame[attribute])
        sizes = pd.Series(groups).value_counts()
        large = [group for group in groups.categories if sizes[group] >= max(min_group, AUC_FOLDS)]
        known = np.isin(np.asarray(groups), large)
        tree_rows = _TREE_ROWS if known.sum() >= 2 * _TREE_ROWS else None
        forest = Forest(100, min_samples_leaf=10, max_samples=tree_rows, random_state=seed, n_jobs=1)
        result[attribute] = {}
        if len(large) < 2:
            continue
        classes = np.asarray(groups)[known]
        own = None if together is None else together[known]
        cv = make_splitter(AUC_FOLDS, seed, own, PROXIES)
        with parallel_config("threading", n_jobs=-1):  # folds side by side; each adds up its trees in one order
            guesses = cross_val_predict(forest, matrix[known], classes, groups=own, cv=cv, method="predict_proba")
        for index, group in enumerate(sorted(large)):
            result[attribute][group] = float(roc_auc_score(classes == group, guesses[:, index]))
    return result

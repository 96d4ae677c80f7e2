"""The AUC of one column alone for a class: from counts, cross-fitted, so that chance scores one half.

A column is cut into bins. Of each fold's rows, a bin's score is the share of the class among the other folds' rows in
that bin; the area under the ROC curve (AUC) within each fold is averaged. 0.5 is no better than chance, 1 is certain.
Because nothing but counts is used, partitions of a table can be counted apart and added up.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.contract.columns import Column

AUC_BINS = 20
AUC_FOLDS = 5
_RANK_ROWS = 100_000  # more of them move an AUC by less than a thousandth

BinCodes = NDArray[np.int64]
BinCounts = NDArray[np.int64]


def draw_folds(rows: int, seed: int) -> BinCodes:
    """Draw a fold number from 0 to FOLDS - 1 for each row, in a random order; shape (rows,)."""
    return np.random.default_rng(seed).permutation(rows) % AUC_FOLDS


def assign_bins(values: pd.Series, column: Column) -> BinCodes:
    """Assign bin numbers from 0 to BINS (or the number of allowed values); 0 is missing. Shape (n,).

    Numbers of few different values keep them apart, others are cut at their quantiles, so that bins hold about as
    many rows each; categories are their own bins.
    """
    if column.type == "category":
        return pd.Categorical(values, categories=list(column.allowed or ())).codes.astype(np.int64) + 1
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    if not known.any():
        return np.zeros(len(numbers), np.int64)
    edges = np.unique(numbers[known])[:-1]
    if len(edges) >= AUC_BINS:
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, AUC_BINS + 1)[1:-1], method="lower"))
    return np.where(known, np.searchsorted(edges, numbers, side="left") + 1, 0).astype(np.int64)


def count_bins(codes: BinCodes, classes: BinCodes, n_classes: int, folds: BinCodes) -> BinCounts:
    """Count rows by fold, bin and class; shape (FOLDS, bins, n_classes)."""
    bins = int(codes.max(initial=0)) + 1
    cells = (folds * bins + codes) * n_classes + classes
    return np.bincount(cells, minlength=AUC_FOLDS * bins * n_classes).reshape(AUC_FOLDS, bins, n_classes)


def compute_class_aucs(counts: BinCounts, classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute the AUC with which the bins guess each of the classes against all others; shape (classes,).

    NaN where either side has no row.
    """
    if counts.shape[1] > AUC_BINS + 1 and len(classes) > 1:  # each class has a table of all pairs of bins
        return np.concatenate([compute_class_aucs(counts, classes[[place]]) for place in range(len(classes))])
    rows = counts.sum(axis=2).astype(np.float64)
    members = counts[:, :, classes].transpose(2, 0, 1).astype(np.float64)
    others = rows - members
    elsewhere = members.sum(axis=1, keepdims=True) - members
    rows_elsewhere = rows.sum(axis=0) - rows
    prior = elsewhere.sum(axis=2, keepdims=True) / np.maximum(rows_elsewhere.sum(axis=1, keepdims=True), 1)
    scores = (elsewhere + prior) / (rows_elsewhere + 1)
    above = np.sign(scores[:, :, :, None] - scores[:, :, None, :])  # of two bins in a fold; 0 where they tie
    ordered = (members[:, :, None, :] @ above @ others[:, :, :, None]).sum(axis=(1, 2, 3))  # less those in false order
    pairs = (members.sum(axis=2) * others.sum(axis=2)).sum(axis=1)
    balance: NDArray[np.float64] = np.divide(ordered, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    aucs: NDArray[np.float64] = 0.5 + balance / 2
    return aucs


def compute_class_auc(counts: BinCounts, which: int) -> float:
    """Compute the AUC with which the bins guess class `which` against all others; NaN when either side has no row."""
    return float(compute_class_aucs(counts, np.array([which]))[0])


def compute_rank_auc(numbers: NDArray[np.float64], members: NDArray[np.bool_]) -> float:
    """Compute the AUC of the numbers themselves for a class; below 0.5 where small numbers are the class's.

    numbers, members: shape (n,). A missing number (NaN) ties with every other. NaN when either side has no row.
    """
    pairs = float(members.sum()) * float((~members).sum())
    known = ~np.isnan(numbers)
    inside, outside = np.sort(numbers[known & members]), np.sort(numbers[known & ~members])
    # not scipy's ranks: its import takes longer than all columns of a small table
    below = outside.searchsorted(inside, "left").sum() + outside.searchsorted(inside, "right").sum()
    ordered = float(below) / 2 - float(len(inside)) * float(len(outside)) / 2
    return float(0.5 + ordered / pairs) if pairs else float("nan")


def measure_guess(codes: BinCodes, numbers: NDArray[np.float64] | None, members: NDArray[np.bool_], seed: int) -> float:
    """Measure how well one column guesses a class, whichever way: from 0.5, chance, to 1, certain.

    The larger of two AUCs: the cross-fitted one of the bins `codes`, and that of the `numbers` as they are, either way
    up (None: the values have no order). In a small table every bin of a number has a row or two, of which
    cross-fitting learns little: of 21 rows a number that tells the label scores .67 by it, and 1 by its order.
    """
    binned = compute_class_auc(count_bins(codes, members.astype(np.int64), 2, draw_folds(len(codes), seed)), 1)
    return choose_guess(binned, numbers, members)


def choose_guess(binned: float, numbers: NDArray[np.float64] | None, members: NDArray[np.bool_]) -> float:
    """Choose the larger AUC of `measure_guess`, of which that of the bins is known."""
    step = -(-len(members) // _RANK_ROWS)
    ranked = 0.5 if numbers is None else compute_rank_auc(numbers[::step], members[::step])
    return max((auc for auc in (binned, ranked, 1 - ranked) if not np.isnan(auc)), default=0.5)

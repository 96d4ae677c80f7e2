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


def compute_class_auc(counts: BinCounts, which: int) -> float:
    """Compute the AUC with which the bins guess class `which` against all others; NaN when either side has no row."""
    members = counts[:, :, which].astype(np.float64)
    others = counts.sum(axis=2) - members
    elsewhere = members.sum(axis=0) - members
    rows_elsewhere = (members + others).sum(axis=0) - (members + others)
    prior = elsewhere.sum(axis=1, keepdims=True) / np.maximum(rows_elsewhere.sum(axis=1, keepdims=True), 1)
    scores = (elsewhere + prior) / (rows_elsewhere + 1)
    above = np.sign(scores[:, :, None] - scores[:, None, :])  # of two bins in a fold; 0 where they tie
    balance = np.einsum("fi,fij,fj", members, above, others)  # pairs ordered rightly less those ordered wrongly
    pairs = (members.sum(axis=1) * others.sum(axis=1)).sum()
    return float(0.5 + balance / pairs / 2) if pairs else float("nan")

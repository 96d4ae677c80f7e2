"""Selection of the columns that a model may see: measured and chosen on training rows, a column at a time."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from credit.common.errors import CreditError, Problem
from credit.common.params import Params
from credit.contract import Contract
from credit.contract.groups import assign_groups
from credit.data.tables import is_favourable
from credit.engine.mapping import map_partitions
from credit.reports.features import KEPT
from credit.selection.binned_auc import (
    assign_bins,
    choose_guess,
    compute_class_auc,
    compute_class_aucs,
    count_bins,
    draw_folds,
)

ColumnReader = Callable[[str], pd.Series]
"""Reads one column of the training rows, by its name. Another process may have to: it is a function of a module, a
partial of one, or a frame's own."""


class SelectFeaturesParams(Params):
    """The block `select_features`."""

    max_features: int = Field(ge=1)
    max_missing: float = Field(ge=0, le=1)
    min_auc: float = Field(ge=0, le=1)
    max_auc: float | None = Field(ge=0.5, le=1)
    max_correlation: float = Field(gt=0, le=1)
    max_proxy: float | None = Field(ge=0.5, le=1)
    keep_places: bool = True
    min_group: int = Field(ge=2)
    sample: int = Field(ge=100)
    seed: int = Field(ge=0, lt=2**32)


class CandidateFeature(NamedTuple):
    """The measurements of one column, and the numbers that it is compared with others by."""

    name: str
    missing: float
    distinct: int
    auc: float
    guess: float
    """How well it guesses the label, as `credit.selection.binned_auc.measure_guess` says."""
    proxies: dict[str, float]
    ranks: NDArray[np.float32]
    about: str | None = None


class Selection(NamedTuple):
    """The measurements of each candidate feature, and the verdict on it: `kept`, or why it was dropped."""

    measured: list[CandidateFeature]
    verdicts: dict[str, str]

    @property
    def kept(self) -> list[str]:
        """The features that stay, in the order of the contract."""
        return [one.name for one in self.measured if self.verdicts[one.name] == KEPT]


class _TrainingRows(NamedTuple):
    """What each column is measured by: whether the label is favourable, 1 or 0, the fold, the group by attribute."""

    good: NDArray[np.int64]
    folds: NDArray[np.int64]
    groups: Mapping[str, pd.Categorical]


def select_features(contract: Contract, params: SelectFeaturesParams, read: ColumnReader) -> Selection:
    """Measure and choose features; `read(name)` gives one column of the training rows.

    Raises CreditError when no feature is left.
    """
    measured = measure_features(contract, params, read)
    selection = Selection(measured, judge_features(measured, params))
    if not selection.kept:
        limits = "min_auc, max_missing or max_proxy"
        raise CreditError(
            Problem("params.yaml: select_features", "no feature left", "at least one", f"loosen {limits}")
        )
    return selection


def measure_features(contract: Contract, params: SelectFeaturesParams, read: ColumnReader) -> list[CandidateFeature]:
    """Measure each candidate feature by itself, wherever the engine computes, in the order of the contract."""
    good = is_favourable(contract, read(contract.label).to_frame()).astype(np.int64)
    groups = {name: assign_groups(contract, name, read(name)) for name in contract.protected}
    rows = _TrainingRows(good, draw_folds(len(good), params.seed), groups)
    work = partial(_measure_column, contract, params, rows, read)
    return list(map_partitions(work, list(contract.features), "select_features", "column"))


def _measure_column(
    contract: Contract, params: SelectFeaturesParams, rows: _TrainingRows, read: ColumnReader, name: str
) -> CandidateFeature:
    """Measure a column: missing share, AUC for the label and for each protected attribute."""
    column, values, good, folds = contract.columns[name], read(name), rows.good, rows.folds
    codes = assign_bins(values, column)
    auc = compute_class_auc(count_bins(codes, good, 2, folds), 1)
    numbers = None if column.type == "category" else values.to_numpy(np.float64, na_value=np.nan)
    guess = choose_guess(auc, numbers, good == 1)
    proxies = {}
    for attribute, groups in rows.groups.items():
        counts = count_bins(codes, groups.codes.astype(np.int64), len(groups.categories), folds)
        sizes = counts.sum(axis=(0, 1))
        aucs = compute_class_aucs(counts, np.flatnonzero(sizes >= params.min_group)).tolist()
        proxies[attribute] = float(max((auc for auc in aucs if not np.isnan(auc)), default=0.5))  # NaN: one group
    ranks = _standardize_ranks(codes, good, params.sample)
    missing = float(values.isna().mean())
    return CandidateFeature(name, missing, len(np.unique(codes)), auc, guess, proxies, ranks, column.about)


def _standardize_ranks(codes: NDArray[np.int64], good: NDArray[np.int64], sample: int) -> NDArray[np.float32]:
    """Standardise the ranks of a column for correlations: bins in order of their favourable share, on a sample."""
    step = -(-len(codes) // sample)
    codes, good = codes[::step], good[::step]
    rows = np.bincount(codes)
    shares = np.bincount(codes, weights=good) / np.maximum(rows, 1)
    numbers = shares[codes]
    deviation = numbers.std()
    standardised = (numbers - numbers.mean()) / (deviation if deviation > 0 else 1)
    return np.asarray(standardised, dtype=np.float32)


def judge_features(measured: list[CandidateFeature], params: SelectFeaturesParams) -> dict[str, str]:
    """Judge each candidate: `kept`, or why it was dropped. The best first, so the better of a pair stays."""
    verdicts: dict[str, str] = {}
    kept: list[CandidateFeature] = []
    for candidate in sorted(measured, key=lambda c: (-c.auc, c.name)):
        verdict = _find_fault(candidate, params) or _find_redundancy(candidate, kept, params.max_correlation)
        if not verdict and len(kept) == params.max_features:
            verdict = f"beyond the best {params.max_features}"
        if not verdict:
            kept.append(candidate)
        verdicts[candidate.name] = verdict or KEPT
    return verdicts


def _find_fault(candidate: CandidateFeature, params: SelectFeaturesParams) -> str:
    if candidate.distinct < 2:
        return "constant"
    if candidate.missing > params.max_missing:
        return f"missing in {candidate.missing:.0%} of the rows"
    if candidate.about == "place" and not params.keep_places:
        return "a proxy: about a place, not about the applicant"
    if params.max_proxy is not None:
        attribute, auc = max(candidate.proxies.items(), key=lambda item: item[1], default=("", 0.0))
        if auc > params.max_proxy:
            return f"a proxy: guesses {attribute} with AUC {auc:.3f}"
    if candidate.auc < params.min_auc:
        return "uninformative"
    return ""


def _find_redundancy(candidate: CandidateFeature, kept: list[CandidateFeature], limit: float) -> str:
    if not kept:
        return ""
    correlations = np.abs(np.stack([other.ranks for other in kept]) @ candidate.ranks) / len(candidate.ranks)
    closest = int(correlations.argmax())
    return f"redundant with {kept[closest].name}" if correlations[closest] > limit else ""

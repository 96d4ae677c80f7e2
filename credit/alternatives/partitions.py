"""The partitions of a table into folds, over which the search averages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.data.splitting import assign_folds
from credit.data.tables import read_frame
from credit.reports.features import FeaturesReport
from credit.reports.predictions import PredictionsReport
from credit.selection.selection import SelectFeaturesParams
from credit.training.cross_fitting import CrossFittingFold, select_in_folds, split_folds


class Partition(NamedTuple):
    """A table divided into folds. codes: the fold of each judged row, shape (n,).

    as_trained: each candidate's scores out of fold, shape (n,), where they are known.
    """

    codes: NDArray[np.int64]
    folds: Sequence[CrossFittingFold]
    as_trained: Mapping[str, NDArray[np.float64]] = MappingProxyType({})


class SearchInputs(NamedTuple):
    """The files that folds are read from."""

    accepted: Path
    train: Path
    test: Path
    features: Path


def read_partitions(
    contract: Contract,
    files: SearchInputs,
    predicted: PredictionsReport,
    first: NDArray[np.int64],
    as_trained: Mapping[str, NDArray[np.float64]],
    selection: SelectFeaturesParams,
    salts: Sequence[str],
    most_rows: int,
) -> list[Partition]:
    """Read the folds that `predict` made, `first`, and make those of further salts; without any, one of test rows.

    as_trained: the candidates' scores in the folds that `predict` made, shape (n,) each.
    Of a large table at most `most_rows` training rows are used: enough to tell one alternative from another.
    """
    columns = [*contract.features, contract.label, *contract.protected]
    if not predicted.kept_in_folds:
        seen, unseen = read_frame(files.train, columns), read_frame(files.test, columns)
        step = -(-len(seen) // most_rows)
        kept = FeaturesReport.read(files.features).kept
        return [Partition(first, [CrossFittingFold(seen[::step], unseen, kept)], as_trained if step == 1 else {})]
    frame = read_frame(files.accepted, columns)
    partitions = [Partition(first, list(split_folds(frame, first, predicted.kept_in_folds)), as_trained)]
    for salt in salts:
        codes = assign_folds(contract, files.accepted, len(predicted.kept_in_folds), salt)
        partitions.append(
            Partition(codes, list(split_folds(frame, codes, select_in_folds(contract, selection, frame, codes))))
        )
    return partitions

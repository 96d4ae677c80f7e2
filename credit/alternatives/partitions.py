"""The partitions of a table into folds, over which the search averages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.data.sampling import sample_rows
from credit.data.tables import open_table, read_frame, read_marked_rows
from credit.evaluation.partitions import read_partitions as read_file
from credit.evaluation.predictions import Predictions, read_predictions
from credit.reports.features import FeaturesReport
from credit.reports.predictions import PredictionsReport
from credit.training.cross_fitting import CrossFittingFold, read_row_sample, split_folds
from credit.training.train import TrainParams


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


class KnownScores(NamedTuple):
    """The folds of one partition, shape (n,), and each candidate's scores out of fold, as trained."""

    codes: NDArray[np.int64]
    as_trained: Mapping[str, NDArray[np.float64]]


def read_candidates(
    contract: Contract, names: Sequence[str], folder: Path, people: NDArray[np.bool_]
) -> tuple[dict[str, Predictions], KnownScores]:
    """Read the predictions of candidates about some people, shape (n,), and the scores of everybody.

    One candidate's file at a time, as what a large one has beside scores takes ten times their memory.
    """
    candidates, scores, codes = {}, {}, np.empty(0, np.int64)
    for name in names:
        everybody = read_predictions(folder / f"{name}.parquet", contract)
        candidates[name], scores[name] = everybody.take(people), everybody.scores
        codes = codes if len(codes) else everybody.folds
    return candidates, KnownScores(codes, scores)


def read_known_scores(first: KnownScores, folder: Path, most: int) -> list[KnownScores]:
    """Read the partitions that `rescore` scored, after the `first`, that of `predict`: `most` in all.

    Raises CreditError when the candidates' files have other partitions.
    """
    known = [first]
    further = {name: read_file(folder / f"{name}.parquet", len(scores)) for name, scores in first.as_trained.items()}
    numbers = {name: sorted(of)[: most - 1] for name, of in further.items()}
    if len({tuple(of) for of in numbers.values()}) > 1:
        found = ", ".join(f"{len(of)} of {name}" for name, of in numbers.items())
        raise CreditError(Problem(str(folder), found, "the same partitions of each candidate", "run dvc repro"))
    for number in next(iter(numbers.values())):
        scores = {name: of[number].scores for name, of in further.items()}
        known.append(KnownScores(next(iter(further.values()))[number].folds, scores))
    return known


def read_partitions(
    contract: Contract,
    files: SearchInputs,
    predicted: PredictionsReport,
    known: Sequence[KnownScores],
    further: Sequence[Sequence[Sequence[str]]],
    training: TrainParams,
    people: NDArray[np.bool_],
) -> list[Partition]:
    """Read the rows of each partition; where `predict` made no folds, one of training and test rows.

    further: the features of each fold, of each partition after the first. people: which of the judged rows are searched
    about, shape (n,).

    Alternatives learn from the rows that candidates learn from, of many from at most `cross_validation.rows`: enough to
    tell one alternative from another.
    """
    most_rows = training.cross_validation.rows
    columns = [*contract.features, contract.label, *contract.protected]
    first = known[0]
    if not predicted.kept_in_folds:
        sample = sample_rows(contract, files.train, training.rows)
        spaced = np.flatnonzero(sample)[:: -(-int(sample.sum()) // most_rows)]
        marked = np.zeros_like(sample)
        marked[spaced] = True
        seen = read_marked_rows(open_table(files.train), columns, marked)
        unseen = read_marked_rows(open_table(files.test), columns, people)
        fold = CrossFittingFold(seen, unseen, FeaturesReport.read(files.features).kept)
        return [_make_partition(first, [fold], people, len(spaced) == sample.sum())]
    frame, hashed = read_frame(files.accepted, columns), read_row_sample(contract, files.accepted, training.rows)
    partitions = []
    for one, features in zip(known, [predicted.kept_in_folds, *further[: len(known) - 1]], strict=True):
        folds = list(split_folds(frame, one.codes, features, hashed))
        step = -(-max(len(fold.seen) for fold in folds) // most_rows)
        thinned = [
            fold._replace(seen=fold.seen[::step], unseen=fold.unseen[people[one.codes == number]])
            for number, fold in enumerate(folds)
        ]
        partitions.append(_make_partition(one, thinned, people, step == 1))
    return partitions


def _make_partition(
    known: KnownScores, folds: Sequence[CrossFittingFold], people: NDArray[np.bool_], trained_alike: bool
) -> Partition:
    """Make a partition of some people; scores as trained are those of the search where it trains on the same rows."""
    scores = {name: one[people] for name, one in known.as_trained.items()} if trained_alike else {}
    return Partition(known.codes[people], folds, scores)

"""Train candidates on growing hash samples, each within the larger ones, and judge them on the test rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.params import Params
from credit.contract import Contract
from credit.data.sampling import hash_rows, mark_smallest
from credit.data.tables import is_favourable, open_table, read_marked_rows, read_spaced_rows
from credit.evaluation.intervals import compute_roc_auc, roc_auc_change_interval, roc_auc_interval
from credit.learning.wording import describe_gain
from credit.reports.candidate import CandidateLearning, CandidateReport, LearningPoint
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.candidates import fit_estimator
from credit.training.training_groups import list_group_columns, read_training_groups

_LEAST_ROWS = 100
_LEAST_OF_A_CLASS = 10


class GrowSampleParams(Params):
    """The block `grow_sample`. `points`: sizes, each twice the one before.

    up_to: the most test rows, and the largest size where `train.rows` sets none.
    """

    points: int = Field(ge=2, le=10)
    up_to: int = Field(ge=1000)


class LearningTables(NamedTuple):
    """Training rows by size of the sample, and the test rows, at most `up_to`, evenly spaced."""

    samples: dict[int, pd.DataFrame]
    test: pd.DataFrame


def list_sizes(available: int, rows: int | None, params: GrowSampleParams) -> list[int]:
    """List the sizes, the smallest first: halves of what is trained on, and twice as much where there are more rows."""
    own = min(params.up_to if rows is None else rows, available)
    more = own if rows is None else min(2 * own, available)
    sizes = [own // 2**halvings for halvings in range(params.points)]
    return sorted({size for size in (*sizes, more) if size >= min(_LEAST_ROWS, own)})


def read_tables(
    contract: Contract, reports: Iterable[CandidateReport], train: Path, test: Path, sizes: Sequence[int], most: int
) -> LearningTables:
    """Read the largest sample and its parts, and at most so many test rows."""
    features = [name for one in reports for name in (*one.features, *list_group_columns(one.candidate, contract))]
    columns = list(dict.fromkeys([*features, contract.label]))
    hashes = hash_rows(contract, train)
    largest = mark_smallest(hashes, sizes[-1])
    frame, own = read_marked_rows(open_table(train), columns, largest), hashes[largest]
    samples = {size: frame[mark_smallest(own, size)] for size in sizes}
    return LearningTables(samples, read_spaced_rows(open_table(test), columns, most))


def measure_learning(
    contract: Contract, report: CandidateReport, seed: int, tables: LearningTables
) -> CandidateLearning | None:
    """Measure a candidate at each size, with the features and hyperparameters of its report.

    Sizes with fewer than ten rows of a class are left out; None where fewer than two remain, or the test has one class.
    """
    truth = is_favourable(contract, tables.test)
    learnable = {size: rows for size, rows in tables.samples.items() if _has_both(is_favourable(contract, rows))}
    if len(learnable) < 2 or truth.all() or not truth.any():
        return None
    scores = [_fit_and_score(contract, report, seed, rows, tables.test) for rows in learnable.values()]
    areas = [(compute_roc_auc(truth, own), roc_auc_interval(truth, own)) for own in scores]
    points = tuple(
        LearningPoint(rows=len(rows), roc_auc=area, roc_auc_interval=interval)
        for rows, (area, interval) in zip(learnable.values(), areas, strict=True)
    )
    gain, interval = points[-1].roc_auc - points[-2].roc_auc, roc_auc_change_interval(truth, scores[-2], scores[-1])
    return CandidateLearning(
        points=points,
        left_out=tuple(size for size in tables.samples if size not in learnable),
        gain=gain,
        gain_interval=interval,
        finding=describe_gain(report.candidate, points[-2].rows, points[-1].rows, gain, interval),
    )


def _has_both(y: NDArray[np.bool_]) -> bool:
    return min(int(y.sum()), int((~y).sum())) >= _LEAST_OF_A_CLASS


def _fit_and_score(
    contract: Contract, report: CandidateReport, seed: int, rows: pd.DataFrame, test: pd.DataFrame
) -> NDArray[np.float64]:
    name, features = report.candidate, report.features
    X, others = (build_design_matrix(contract, features, one).to_numpy() for one in (rows, test))
    definition, y = load_definition(name), is_favourable(contract, rows)
    settings = definition.hyperparameters.model_validate(report.hyperparameters)
    context = BuildContext(len(y), seed, directions=list_directions(contract, features))
    groups = read_training_groups(name, contract, rows)
    fitted = fit_estimator(name, definition.build(settings, context), X, y, groups)
    scores: NDArray[np.float64] = fitted.predict_proba(others)[:, 1]
    return scores

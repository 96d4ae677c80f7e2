"""Directions: whether a candidate's scores rise with what the contract calls better, and fall with what it calls worse.

Measured person by person, everything else as it is: a curve that rises on average can fall for many.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.columns import Column
from credit.data.tables import open_table, read_spaced_rows
from credit.reports.metrics import DirectionFigures
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.onnx import ScoreFunction

PEOPLE = 200
"""Test rows, evenly spaced, each of which is given every value that is tried."""

_QUANTILES = np.linspace(0.05, 0.95, 10)  # of a number of many values; what is beyond is rarer than one in twenty
_NOTICEABLE = 0.01  # a fall of a score that counts somebody among those against whom the direction is


def measure_directions(
    score: ScoreFunction, contract: Contract, features: Sequence[str], test: Path
) -> tuple[DirectionFigures, ...]:
    """Measure each feature of a candidate that has a direction, on test rows, in the order of the candidate."""
    declared = [name for name in features if contract.columns[name].direction]
    if not declared:
        return ()
    people = read_spaced_rows(open_table(test), features, PEOPLE)
    return tuple(
        _describe_curves(name, contract.columns[name].direction, curves)
        for name in declared
        if (curves := _score_curves(score, contract, people, name)).shape[1] > 1
    )


def _score_curves(score: ScoreFunction, contract: Contract, people: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Score everybody with each value of a feature, in the order from less to more; shape (people, values)."""
    values = _list_values(contract.columns[name], people[name])
    tried = pd.concat([people.assign(**{name: pd.Series(value, people.index)}) for value in values] or [people[:0]])
    matrix = build_design_matrix(contract, [*map(str, people)], tried.astype({name: people[name].dtype})).to_numpy()
    scores = score(matrix) if len(matrix) else np.empty(0)
    return scores.reshape(len(values), len(people)).T


def _list_values(column: Column, found: pd.Series) -> Sequence[object]:
    """List the values to try: levels in their order, or the known numbers, thinned where there are many."""
    if column.type == "boolean":
        return (False, True)
    if column.type == "category":
        return column.allowed or ()
    numbers = found.dropna().to_numpy(np.float64)
    known = np.unique(numbers)
    if len(known) > len(_QUANTILES):
        known = np.unique(np.quantile(numbers, _QUANTILES, method="lower"))
    return [int(value) for value in known] if column.type == "integer" else known.tolist()


def _describe_curves(name: str, direction: int, curves: NDArray[np.float64]) -> DirectionFigures:
    better = curves[:, ::direction]
    falls = (np.maximum.accumulate(better, axis=1) - better).max(axis=1)
    return DirectionFigures(
        feature=name,
        more_is="better" if direction > 0 else "worse",
        rise=float((better[:, -1] - better[:, 0]).mean()),
        people=float((falls > _NOTICEABLE).mean()),
        mean_fall=float(falls.mean()),
        largest_fall=float(falls.max()),
    )

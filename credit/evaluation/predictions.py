"""Read and write `data/predictions/<candidate>.parquet`: each judged person's fold, label, score, decision and groups.

Rows are in the same order in every candidate's file, so two candidates can be compared person by person.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.common.files import atomic_write
from credit.contract import Contract
from credit.contract.groups import list_groups
from credit.data.tables import make_frame, open_table
from credit.scoring.policy import DECISION_KINDS

PREDICTION_COLUMNS = ("fold", "favourable", "score", "decision")
"""Beside the columns that identify and group people."""

_COLUMN_KINDS = {"fold": "whole number", "favourable": "boolean", "score": "number", "decision": "text"}

_GROUP_PREFIX, _ID_PREFIX = "group_", "id_"

_MOST_SHOWN = 5


class Predictions(NamedTuple):
    """A candidate's decisions about n people. `people`: columns of role id and protected; `folds`: 0 for test rows."""

    people: pd.DataFrame
    folds: NDArray[np.int64]
    favourable: NDArray[np.bool_]
    scores: NDArray[np.float64]
    decisions: NDArray[np.str_]

    def take(self, rows: NDArray[np.bool_]) -> "Predictions":
        """Take some of the people; rows: shape (n,)."""
        people, folds, favourable, scores, decisions = self
        return Predictions(people[rows], folds[rows], favourable[rows], scores[rows], decisions[rows])


def map_people_columns(contract: Contract) -> dict[str, str]:
    """Map the columns that identify and group people: from their names in the file to those of the contract."""
    ids = {_ID_PREFIX + name: name for name in contract.find_by_role("id")}
    return ids | {_GROUP_PREFIX + name: name for name in contract.protected}


def write_predictions(path: Path, contract: Contract, predictions: Predictions) -> None:
    """Write one candidate's file, whole or not at all."""
    columns = {name: pa.array(predictions.people[own]) for name, own in map_people_columns(contract).items()}
    decisions = pa.DictionaryArray.from_arrays(_encode_decisions(predictions.decisions), pa.array(list(DECISION_KINDS)))
    table = pa.table(
        {
            **columns,
            "fold": pa.array(predictions.folds.astype(np.int16)),
            "favourable": pa.array(predictions.favourable),
            "score": pa.array(predictions.scores),
            "decision": decisions,
        }
    )
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def open_predictions(path: Path, contract: Contract) -> pq.ParquetFile:
    """Open one candidate's file. Raises CreditError when it is missing, not readable or lacks a column."""
    opened = open_table(path)
    there = set(opened.schema_arrow.names)
    missing = [name for name in (*map_people_columns(contract), *PREDICTION_COLUMNS) if name not in there]
    raise_if_any([Problem(str(path), f"no column {name}", "it, as in data/predictions/") for name in missing])
    return opened


def find_column_problems(path: Path, rows: pa.Table | pa.RecordBatch) -> list[Problem]:
    """Find columns of another type, and values that are missing where none may be."""
    kinds = _COLUMN_KINDS.items()
    return [problem for name, kind in kinds if (problem := _check_column(path, rows.column(name), name, kind))]


def read_predictions(path: Path, contract: Contract) -> Predictions:
    """Read one candidate's file, or one that was made elsewhere: codes of groups may be whole numbers.

    Raises CreditError when it is missing, not readable or lacks a column, for groups that the contract does not know,
    and for scores that are no probabilities.
    """
    own = map_people_columns(contract)
    opened = open_predictions(path, contract)
    table = opened.read(columns=[*own, *PREDICTION_COLUMNS])
    raise_if_any(find_column_problems(path, table))
    raise_if_any([Problem(str(path), "no rows", "a row per person")] if not len(table) else [])
    people = make_frame(table.select(list(own))).rename(columns=own)
    people = people.assign(**{name: name_groups(people[name]) for name in contract.protected})
    scores = table["score"].to_numpy().astype(np.float64)
    decisions = np.asarray(table["decision"].to_pandas(), dtype=np.str_)
    raise_if_any(
        [
            *_find_unknown_groups(path, people, contract),
            *_find_other_scores(path, scores),
            *_find_other_decisions(path, scores, decisions),
        ]
    )
    return Predictions(
        people,
        table["fold"].to_numpy().astype(np.int64),
        table["favourable"].to_numpy(zero_copy_only=False).astype(np.bool_),
        scores,
        decisions,
    )


def _check_column(path: Path, column: pa.ChunkedArray | pa.Array, name: str, kind: str) -> Problem | None:
    """Check a column: its type, and that no value is missing, except for scores. None if nothing is wrong."""
    plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    fits = {
        "boolean": pa.types.is_boolean,
        "whole number": pa.types.is_integer,
        "number": lambda of: pa.types.is_floating(of) or pa.types.is_integer(of),
        "text": lambda of: pa.types.is_string(of) or pa.types.is_large_string(of),
    }[kind]
    if not fits(plain):
        return Problem(f"{path}: {name}", f"the type {plain}", kind)
    missing = column.null_count
    if missing and name != "score":
        return Problem(f"{path}: {name}", f"{missing:,} rows without a value", "one in every row")
    return None


def name_groups(values: pd.Series) -> pd.Series:
    """Name each value's group: numbers are codes, 1.0 too, as others write them. Missing values stay missing."""
    if isinstance(values.dtype, pd.StringDtype):
        return values
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return values.astype(object).map(lambda value: f"{value:.12g}" if is_number else str(value), na_action="ignore")


def _find_unknown_groups(path: Path, people: pd.DataFrame, contract: Contract) -> Iterator[Problem]:
    for name in contract.protected:
        groups = list_groups(contract, name)
        if shown := _list_others(people[name], groups):
            yield Problem(f"{path}: {_GROUP_PREFIX}{name}", shown, f"{', '.join(groups)}, or no value")


def _list_others(values: pd.Series, known: Sequence[str]) -> str:
    """List the values that are not known, with their rows; those that are missing are none."""
    counts = values[~values.isin(known)].value_counts()
    shown = [f"{value!r} ({rows:,} rows)" for value, rows in counts.items()]
    more = f" and {len(shown) - _MOST_SHOWN} others" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more


def _find_other_decisions(path: Path, scores: NDArray[np.float64], decisions: NDArray[np.str_]) -> Iterator[Problem]:
    expected = "approve, refer or deny"
    if shown := _list_others(pd.Series(decisions), DECISION_KINDS):
        yield Problem(f"{path}: decision", shown, expected)
    elif unseen := int((np.isnan(scores) & (decisions != "refer")).sum()):
        yield Problem(f"{path}: decision", f"{unseen:,} people decided without a score", "a referral of each")


def _find_other_scores(path: Path, scores: NDArray[np.float64]) -> Iterator[Problem]:
    beyond = scores[(scores < 0) | (scores > 1)]
    if len(beyond):
        found = f"{len(beyond):,} of {len(scores):,} beyond 0 to 1, from {beyond.min():.6g} to {beyond.max():.6g}"
        yield Problem(f"{path}: score", found, "probabilities of a favourable outcome", "divide percentages by 100")


def sort_by_fold(predictions: Predictions) -> Predictions:
    """Sort people by fold, within a fold in their order."""
    order = np.argsort(predictions.folds, kind="stable")
    people, folds, favourable, scores, decisions = predictions
    return Predictions(people.iloc[order], folds[order], favourable[order], scores[order], decisions[order])


def _encode_decisions(decisions: NDArray[np.str_]) -> pa.Array:
    return pa.array(pd.Categorical(decisions, categories=list(DECISION_KINDS)).codes)

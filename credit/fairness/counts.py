"""Count rows into tables that every fairness metric is computed from, and that add up over partitions.

Axes of a people table: a group of each attribute, label (unfavourable, favourable), decision (approve, refer, deny).
Score tables have, instead of the decision: how many have a score, its sum, its sum of squares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit.common.errors import raise_if_any
from credit.contract import Contract
from credit.contract.groups import list_group_labels
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.predictions import Predictions
from credit.fairness.inputs import (
    Groups,
    check_same_groups,
    check_scores,
    encode_decisions,
    encode_groups,
    find_code_problems,
    list_attribute_groups,
    parse_labels,
)
from credit.reports.figures import PAIR_SEPARATOR, GroupLabels

AttributeKey = tuple[str, ...]
"""One attribute, or a pair of them."""

MAX_CELLS = 1_000_000
"""Cells up to which all attributes are crossed in one table; beyond, each pair has a table of its own."""


class CellTables(NamedTuple):
    """People and score sums of each cell, the reference first; shape (cells, 2, 3) each."""

    people: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PeopleCounts:
    """The tables of every attribute and of every pair. `+` adds those of another partition."""

    groups: Groups
    people: dict[AttributeKey, NDArray[np.int64]]
    scores: dict[AttributeKey, NDArray[np.float64]]
    labels: GroupLabels = field(default_factory=dict)

    def __add__(self, other: "PeopleCounts") -> "PeopleCounts":
        check_same_groups(self.groups, other.groups)
        return replace(
            self,
            people={key: table + other.people[key] for key, table in self.people.items()},
            scores={key: table + other.scores[key] for key, table in self.scores.items()},
        )

    @property
    def rows(self) -> int:
        """The number of people who were counted."""
        return int(next(iter(self.people.values())).sum())

    @property
    def attributes(self) -> list[AttributeKey]:
        """The keys of single attributes."""
        return [key for key in self.people if len(key) == 1]

    @property
    def pairs(self) -> list[AttributeKey]:
        """The keys of pairs of attributes."""
        return [key for key in self.people if len(key) == 2]

    def list_groups(self, key: AttributeKey) -> list[str]:
        """Name the cells, in the order of the flattened table, the reference first: `Black & woman`."""
        names = [""]
        for attribute in key:
            names = [
                f"{left}{PAIR_SEPARATOR}{right}" if left else right
                for left in names
                for right in self.groups[attribute]
            ]
        return names

    def flatten_cells(self, key: AttributeKey) -> CellTables:
        """Flatten the groups of a pair into cells; one attribute's groups are its cells."""
        return CellTables(self.people[key].reshape(-1, 2, 3), self.scores[key].reshape(-1, 2, 3))


def count_people(
    groups: Groups,
    codes: Mapping[str, ArrayLike],
    labels: ArrayLike,
    scores: ArrayLike,
    decisions: ArrayLike,
    blocks: Sequence[AttributeKey] | None = None,
) -> PeopleCounts:
    """Count rows by group, label and decision.

    codes: per attribute each row's index into its groups; labels: True is favourable; scores: NaN where there is none;
    decisions: names, or indices into DECISION_KINDS. Shape (n,) each. blocks: the attributes to cross in each table;
    None: those of `choose_blocks`.

    Raises CreditError for an attribute that is missing, a code out of range, a label that is neither true nor false, an
    unknown decision, an infinite score, and a person without a score who was not referred.
    """
    outcome = parse_labels(labels)
    score = np.asarray(scores, dtype=np.float64)
    decision = encode_decisions(decisions)
    raise_if_any(list(find_code_problems(groups, codes, len(outcome))))
    absent = np.isnan(score)
    check_scores(score, absent, decision, len(outcome))
    known = np.where(absent, 0.0, score)
    columns = {name: np.asarray(codes[name]) for name in groups}
    weights = (np.where(absent, 0.0, 1.0) if absent.any() else None, known, known * known)
    people: dict[AttributeKey, NDArray[np.int64]] = {}
    sums: dict[AttributeKey, NDArray[np.float64]] = {}
    for block in choose_blocks(groups) if blocks is None else blocks:
        shape = tuple(len(groups[name]) for name in block)
        cell = cross_attributes([columns[name] for name in block], shape) * 2 + outcome
        of_block = _sum_by_cell(cell * 3 + decision, (*shape, 2, 3), None).astype(np.int64)
        sums_of_block = np.stack([_sum_by_cell(cell, (*shape, 2), weight) for weight in weights], axis=-1)
        for key in list_keys(block):
            others = tuple(axis for axis, name in enumerate(block) if name not in key)
            people[key], sums[key] = of_block.sum(others), sums_of_block.sum(others)
    return PeopleCounts(groups, people, sums)


def choose_blocks(groups: Groups) -> list[AttributeKey]:
    """Choose the attributes to cross in one table: all of them, or each pair when that table would be too wide."""
    if len(groups) <= 2 or prod(len(names) for names in groups.values()) <= MAX_CELLS:
        return [tuple(groups)]
    return list(combinations(groups, 2))


def list_keys(block: AttributeKey) -> list[AttributeKey]:
    """List the single attributes and the pairs in a block."""
    return [*((name,) for name in block), *combinations(block, 2)]


def cross_attributes(codes: Sequence[NDArray[np.integer]], shape: Sequence[int]) -> NDArray[np.int64]:
    """Number each row's cell in the table of this shape that crosses attributes, by its code of each; shape (n,)."""
    cell = codes[0].astype(np.int64)
    for column, size in zip(codes[1:], shape[1:], strict=True):
        cell = cell * size + column
    return cell


def _sum_by_cell(
    cell: NDArray[np.int64], shape: tuple[int, ...], weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    return np.bincount(cell, weights, prod(shape)).astype(np.float64).reshape(shape)


def count_nobody(contract: Contract) -> PeopleCounts:
    """Make the counts of no rows, whose groups are those that any rows of the contract could have."""
    groups = list_attribute_groups(contract)
    nobody = np.empty(0, np.int64)
    counts = count_people(groups, dict.fromkeys(groups, nobody), nobody.astype(bool), nobody.astype(float), nobody)
    return replace(counts, labels=list_group_labels(contract))


def count_predictions(contract: Contract, predictions: Predictions) -> PeopleCounts:
    """Count the people of a candidate's predictions by group, label and decision."""
    counts = count_people(
        list_attribute_groups(contract),
        encode_groups(contract, predictions.people),
        predictions.favourable,
        predictions.scores,
        predictions.decisions,
    )
    return replace(counts, labels=list_group_labels(contract))


def compute_undisclosed_share(counts: PeopleCounts, key: AttributeKey) -> float:
    """Compute the share of the rows in which an attribute of `key` is undisclosed; NaN of no rows."""
    table = counts.people[key].sum((-2, -1))
    disclosed = table[tuple(slice(len([g for g in counts.groups[name] if g != UNDISCLOSED])) for name in key)]
    total = int(table.sum())
    return (total - int(disclosed.sum())) / total if total else float("nan")


def encode_number(value: float) -> float | None:
    """Encode a float for JSON: None for NaN and for no bound."""
    return float(value) if np.isfinite(value) else None


def encode_interval(value: float, low: float, high: float) -> tuple[float | None, float | None] | None:
    """Encode the interval of `value` for JSON: None where there is no value; an end of None is no bound."""
    return None if np.isnan(value) else (encode_number(low), encode_number(high))

"""Divide a move among the factors that differ: exact Shapley values, and what only several of them do together.

A value is known for every set of factors: the figure of the pipeline with these changed and the others not.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial
from typing import NamedTuple

FactorSet = frozenset[str]
Values = Mapping[FactorSet, float]


class Share(NamedTuple):
    """The part of a move that one factor has: its mean over all orders in which the factors can change, and the range.

    `alone`: what it moves when nothing else changes.
    """

    factor: str
    value: float
    lowest: float
    highest: float
    alone: float


class Interaction(NamedTuple):
    """What several factors move only together, beyond what each smaller set of them moves."""

    factors: tuple[str, ...]
    value: float


def list_subsets(factors: Sequence[str]) -> list[FactorSet]:
    """List all sets of factors, the smaller ones first."""
    return [frozenset(one) for size in range(len(factors) + 1) for one in combinations(factors, size)]


def divide_move(factors: Sequence[str], values: Values) -> list[Share]:
    """Compute the Shapley value of each factor (Shapley 1953): they add up to the move from no factor to all.

    0: the factor moves nothing in any order.
    """
    return [_divide_to(one, factors, values) for one in factors]


def _divide_to(factor: str, factors: Sequence[str], values: Values) -> Share:
    others, count = [one for one in factors if one != factor], len(factors)
    steps = {before: values[before | {factor}] - values[before] for before in list_subsets(others)}
    weights = {before: factorial(len(before)) * factorial(count - len(before) - 1) for before in steps}
    mean = sum(weights[before] * step for before, step in steps.items()) / factorial(count)
    return Share(factor, mean, min(steps.values()), max(steps.values()), steps[frozenset()])


def find_interactions(factors: Sequence[str], values: Values) -> list[Interaction]:
    """Compute what each set of at least two factors adds beyond its parts (Harsanyi's dividends), the largest first.

    0: the parts say all. A factor's Shapley value is its own part and an equal share of each set that it is in.
    """
    several = [one for one in list_subsets(factors) if len(one) > 1]
    added = [Interaction(tuple(f for f in factors if f in one), _compute_dividend(one, values)) for one in several]
    return sorted(added, key=lambda one: -abs(one.value))


def _compute_dividend(together: FactorSet, values: Values) -> float:
    parts = list_subsets(sorted(together))
    return sum(values[part] if (len(together) - len(part)) % 2 == 0 else -values[part] for part in parts)

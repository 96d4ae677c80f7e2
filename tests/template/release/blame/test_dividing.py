"""Known games: the parts that were put in come out."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.blame.shapley import FactorSet, divide_move, find_interactions, list_subsets
from release.blame.smallest_set import find_smallest_set

NAMES = ["data", "contract", "params", "code"]


def make_values(own: dict[str, float], together: dict[FactorSet, float]) -> dict[FactorSet, float]:
    """Make the value of each set: its factors' own parts, and each interaction that is all in it."""
    return {
        one: sum(own[name] for name in one) + sum(value for both, value in together.items() if both <= one)
        for one in list_subsets(NAMES)
    }


def test_parts_that_add_up_come_out_as_they_are_in_every_order() -> None:
    own = {"data": -0.05, "contract": 0.0, "params": -0.025, "code": 0.01}
    for part in divide_move(NAMES, make_values(own, {})):
        for value in (part.value, part.lowest, part.highest, part.alone):
            assert value == pytest.approx(own[part.factor], abs=1e-12)


def test_two_that_act_only_together_share_it_and_are_named() -> None:
    both = frozenset({"params", "code"})
    values = make_values(dict.fromkeys(NAMES, 0.0), {both: -0.08})
    parts = {part.factor: part for part in divide_move(NAMES, values)}
    assert parts["code"].value == parts["params"].value == pytest.approx(-0.04)
    assert (parts["code"].alone, parts["code"].lowest, parts["code"].highest) == (0, pytest.approx(-0.08), 0)
    first, *rest = find_interactions(NAMES, values)
    assert (set(first.factors), first.value) == (both, pytest.approx(-0.08))
    assert all(one.value == pytest.approx(0) for one in rest)


@given(st.lists(st.floats(-1, 1), min_size=16, max_size=16))
def test_parts_are_the_mean_over_all_orders_and_add_up_to_the_move(numbers: list[float]) -> None:
    values = dict(zip(list_subsets(NAMES), numbers, strict=True))
    parts = divide_move(NAMES, values)
    orders = list(permutations(NAMES))
    for part in parts:
        steps = []
        for order in orders:
            before = frozenset(order[: order.index(part.factor)])
            steps.append(values[before | {part.factor}] - values[before])
        assert part.value == pytest.approx(sum(steps) / len(steps), abs=1e-9)
        assert (part.lowest, part.highest) == (min(steps), max(steps))
    assert sum(part.value for part in parts) == pytest.approx(values[frozenset(NAMES)] - values[frozenset()], abs=1e-9)


@pytest.mark.parametrize("cause", [{3}, {0, 7}, {1, 2, 5}, set(range(8)), {6, 7}])
def test_the_smallest_set_is_the_cause_in_fewer_runs_than_all_sets(cause: set[int]) -> None:
    asked: list[frozenset[str]] = []

    def reproduces(names: frozenset[str]) -> bool:
        asked.append(names)
        return {str(one) for one in cause} <= names

    found = find_smallest_set([str(number) for number in range(8)], reproduces)
    assert {int(one) for one in found} == cause
    assert len(asked) == len(set(asked)) < 8**2 + 3 * 8

"""Whether the test rows alone are enough: the group of which unequal treatment would be found the least likely."""

import numpy as np
import pandas as pd
import pytest
from fairness_rows import SCREEN, policy, rules

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.fairness.policies import Limit
from credit.fairness.power.weakest_group import GroupPower, find_weakest_group

CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
        "race": Column(
            type="category",
            role="protected",
            allowed=("white", "Black", "Asian"),
            labels={"Asian": "of Asia"},
            reference="white",
            description="d",
        ),
        "sex": Column(type="category", role="protected", allowed=("m", "f"), reference="m", description="d"),
    },
)


def find(black: int, asian: int, rate: float = 0.75, primary: tuple[str, ...] | None = None) -> GroupPower | None:
    """Of 2,000 white people and so many others, all with the same rate of favourable outcomes."""
    race = ["white"] * 2000 + ["Black"] * black + ["Asian"] * asian
    people = pd.DataFrame({"race": race, "sex": (["m", "f"] * len(race))[: len(race)]})
    favourable = np.arange(len(race)) % 100 < 100 * rate
    return find_weakest_group(CONTRACT, people, favourable, SCREEN, rules(primary=primary))


def test_the_smallest_group_has_the_least_power_and_more_people_have_more() -> None:
    chances = []
    for asian in (5, 20, 80, 320):
        weakest = find(400, asian)
        assert weakest is not None
        assert (weakest.words, weakest.people) == ("race of Asia [Asian]", asian)
        chances.append(weakest.chance)
    assert chances == sorted(chances)
    assert chances[0] < 0.1
    assert chances[-1] > 0.9


def test_a_group_that_is_not_there_asks_for_nothing() -> None:
    weakest = find(400, 0)
    assert weakest is not None
    assert (weakest.words, weakest.people) == ("race Black", 400)


def test_only_primary_attributes_count() -> None:
    weakest = find(400, 5, primary=("sex",))
    assert weakest is not None
    assert weakest.words == "sex f"
    assert weakest.chance > 0.9


@pytest.mark.parametrize("asian", [10, 400])
def test_without_a_limit_on_the_ratio_any_difference_is_to_be_found(asian: int) -> None:
    told = policy(true_positive_rate_difference=Limit(at_least=-0.1, source="a test"))
    race = ["white"] * 2000 + ["Asian"] * asian + ["Black"] * 900
    people = pd.DataFrame({"race": race, "sex": (["m", "f"] * len(race))[: len(race)]})
    weakest = find_weakest_group(CONTRACT, people, np.arange(len(race)) % 4 > 0, told, rules())
    assert weakest is not None
    assert (weakest.chance > 0.8) == (asian == 400)

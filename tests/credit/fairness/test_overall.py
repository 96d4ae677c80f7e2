"""What many findings come to."""

import numpy as np
import pytest
from fairness_rows import counted

from credit.fairness.verdicts import find_lowest_ratio, find_worst_verdict, judge_attributes


def finding(
    verdict: str, group: str = "Black", blocks: bool = False, attribute: str = "race", people: int = 5
) -> dict[str, object]:
    return {"attribute": attribute, "group": group, "verdict": verdict, "blocks": blocks, "people": people}


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "not assessable"], "not assessable"),
        (["not assessable", "insufficient"], "insufficient"),
        (["pass", "fail", "insufficient"], "fail"),
        (["reported", "pass"], "pass"),
        (["reported"], "reported"),
        ([], "reported"),
    ],
)
def test_the_worst_verdict_is_the_whole_verdict(verdicts: list[str], expected: str) -> None:
    assert find_worst_verdict(verdicts) == expected


def test_an_attribute_with_a_group_too_small_to_judge_does_not_pass() -> None:
    told = judge_attributes([finding("pass"), finding("not assessable", "Inuit")])
    assert told == {"race": {"verdict": "not assessable", "blocks": False, "not_assessable": ["Inuit"]}}


def test_few_undisclosed_people_are_named_and_do_not_decide_and_many_do() -> None:
    few = judge_attributes([finding("pass"), finding("not assessable", "undisclosed")])
    assert few["race"] == {"verdict": "pass", "blocks": False, "not_assessable": ["undisclosed"]}
    many = judge_attributes([finding("pass"), finding("fail", "undisclosed", blocks=True)])
    assert many["race"] == {"verdict": "fail", "blocks": True, "not_assessable": []}


def test_where_everybody_discloses_nobody_is_too_few_to_judge() -> None:
    told = judge_attributes([finding("pass"), finding("not assessable", "undisclosed", people=0)])
    assert told["race"]["not_assessable"] == []


def test_attributes_are_judged_apart() -> None:
    told = judge_attributes([finding("fail", blocks=True), finding("pass", "female", attribute="sex")])
    assert (told["race"]["blocks"], told["sex"]["blocks"]) == (True, False)


def test_the_lowest_ratio_is_that_of_a_group_large_enough() -> None:
    counts = counted((80, 100), (30, 100), (60, 100), (1, 9))
    found = find_lowest_ratio(counts, 0.9, 10)
    assert found is not None
    assert found["value"] == pytest.approx(0.375)
    assert (found["group"], found["people"]) == ("Black", 100)
    assert found["interval"][0] < 0.375 < found["interval"][1]


@pytest.mark.parametrize("reference", [(0, 100), (9, 9)])
def test_without_a_reference_there_is_no_ratio(reference: tuple[int, int]) -> None:
    assert find_lowest_ratio(counted(reference, (30, 100)), 0.9, 10) is None


def test_the_first_of_equal_ratios_is_told_and_the_reference_never() -> None:
    found = find_lowest_ratio(counted((50, 100), (100, 100), (100, 100)), 0.9, 10)
    assert found is not None
    assert (found["group"], found["value"]) == ("Black", 2.0)
    assert np.isfinite(found["interval"]).all()

"""What many findings come to."""

import pytest
from fairness_rows import RATIO, counted, policy, rules

from credit.fairness.figures import find_lowest_ratio
from credit.fairness.findings import find_worst_verdict, judge_attribute, judge_attributes
from credit.fairness.policies import Limit
from credit.reports.fairness import AttributeVerdict, Finding, Verdict
from credit.reports.figures import label_group


def finding(
    verdict: Verdict, group: str = "Black", blocks: bool = False, attribute: str = "race", people: int = 5
) -> Finding:
    return Finding(
        attribute=attribute,
        group=group,
        measure="adverse_impact_ratio",
        value=None,
        interval=None,
        people=people,
        verdict=verdict,
        warn=False,
        blocks=blocks,
        reason="a test",
    )


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
def test_the_worst_verdict_is_the_whole_verdict(verdicts: list[Verdict], expected: Verdict) -> None:
    assert find_worst_verdict(verdicts) == expected


def test_an_attribute_with_a_group_too_small_to_judge_does_not_pass() -> None:
    judged = judge_attribute([finding("pass"), finding("not assessable", "Inuit")], "reported", primary=True)
    assert judged == AttributeVerdict(verdict="not assessable", primary=True, blocks=False, not_assessable=("Inuit",))


def test_attributes_are_judged_apart() -> None:
    findings = [finding("fail", blocks=True), finding("pass", "female", attribute="sex")]
    judged = judge_attributes(findings, counted((8, 10), (5, 10)), policy(), [("race",)])
    assert (judged["race"].blocks, judged["sex"].blocks) == (True, False)


@pytest.mark.parametrize(
    ("limit", "verdict"), [(RATIO, "not assessable"), (Limit(warn_below=0.9, source="a test"), "reported")]
)
def test_an_attribute_without_findings_is_not_assessable_where_there_are_limits(limit: Limit, verdict: str) -> None:
    judged = judge_attributes([], counted((8, 10)), policy(adverse_impact_ratio=limit), [("race",)])
    assert {name: one.verdict for name, one in judged.items()} == {"race": verdict}


def test_the_lowest_ratio_is_that_of_a_group_large_enough() -> None:
    counts = counted((80, 100), (30, 100), (60, 100), (1, 9))
    found = find_lowest_ratio(counts, rules())
    assert found is not None
    assert found.value == pytest.approx(0.375)
    assert (found.group, found.people) == ("Black", 100)
    low, high = found.interval
    assert low is not None
    assert high is not None
    assert low < 0.375 < high


@pytest.mark.parametrize("reference", [(0, 100), (9, 9)])
def test_without_a_reference_there_is_no_ratio(reference: tuple[int, int]) -> None:
    assert find_lowest_ratio(counted(reference, (30, 100)), rules()) is None


def test_the_first_of_equal_ratios_is_told_and_the_reference_never() -> None:
    found = find_lowest_ratio(counted((50, 100), (100, 100), (100, 100)), rules())
    assert found is not None
    assert (found.group, found.value) == ("Black", 2.0)
    assert None not in found.interval


def test_people_read_the_label_of_a_code_in_groups_references_and_pairs() -> None:
    labels = {"race": {"1": "green [1]", "2": "blue & gold [2]"}, "sex": {"0": "female [0]"}}
    assert label_group(labels, "race", "2") == "blue & gold [2]"
    assert label_group(labels, "race", "undisclosed") == "undisclosed"
    assert label_group(labels, "race & sex", "1 & 0") == "green [1] & female [0]"
    assert label_group(labels, "race & age", "1 & over 62") == "green [1] & over 62"
    assert label_group(labels, "home", "own & rent") == "own & rent"

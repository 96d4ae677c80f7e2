"""What many findings come to."""

import numpy as np
import pytest
from fairness_rows import RATIO, TODAY, counted, policy, rules
from pydantic import ValidationError

from credit.fairness.counts import PeopleCounts
from credit.fairness.figures import find_lowest_ratio
from credit.fairness.findings import find_worst_verdict, judge_attribute, judge_attributes, judge_fairness
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


@pytest.mark.parametrize(
    ("black", "hidden", "blocks"), [(0, 970, True), (9, 951, True), (9, 0, False), (60, 951, False)]
)
def test_an_attribute_that_nearly_everybody_hides_blocks_where_no_group_can_be_judged(
    black: int, hidden: int, blocks: bool
) -> None:
    people = np.zeros((3, 2, 3), dtype=np.int64)
    people[:, 1, 0] = (40, black, hidden)
    scores = np.stack([people.sum(-1), 0.5 * people.sum(-1), 0.26 * people.sum(-1)], axis=-1)
    counts = PeopleCounts({"race": ("white", "Black", "undisclosed")}, {("race",): people}, {("race",): scores})
    assert judge_fairness(counts, policy(), rules(), "a", {}, TODAY).blocks is blocks


def test_the_worst_group_is_one_of_a_primary_attribute() -> None:
    counts = counted((900, 1000), (300, 1000))
    whole = find_lowest_ratio(counts, rules())
    assert whole is not None
    both = PeopleCounts(
        {"race": counts.groups["race"], "sex": ("m", "f")},
        {("race",): counts.people["race",], ("sex",): counts.people["race",] + 100},
        {("race",): counts.scores["race",], ("sex",): counts.scores["race",]},
    )
    primary = find_lowest_ratio(both, rules(primary=("sex",)))
    assert primary is not None
    assert primary.attribute == "sex"
    assert find_lowest_ratio(both, rules()) == whole


def test_no_attribute_at_all_is_no_choice_of_primary_ones() -> None:
    with pytest.raises(ValidationError, match="primary"):
        rules(primary=())

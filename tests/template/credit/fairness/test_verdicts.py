"""Verdicts: how often they are wrong, by exact enumeration; what blocks; and what is said."""

import itertools
import json
from collections.abc import Callable

import numpy as np
import pytest
from fairness_rows import GROUPS, PARAMS, RATIO, SCREEN, TODAY, WAIVER, counted, policy, rows, rules
from scipy.stats import binom

from credit.common.errors import CreditError
from credit.evaluation.intervals import mover_r_interval
from credit.fairness.counts import PeopleCounts, count_people
from credit.fairness.findings import judge_fairness
from credit.fairness.group_comparison import Comparison, compare_groups
from credit.fairness.policies import Fairness, Limit
from credit.fairness.power.sample_size import (
    ReferenceTest,
    compute_pass_probability,
    compute_power,
    find_sample_size,
)
from credit.fairness.verdicts import judge_comparisons, reject_by_holm

K = np.arange(31)


def verdict(counts: PeopleCounts, **kwargs: object) -> dict[str, object]:
    made = judge_fairness(counts, kwargs.get("policy", policy()), kwargs.get("rules", rules()), "forest", {}, TODAY)  # type: ignore[arg-type]
    content = made.model_dump(mode="json", exclude_unset=True)
    json.dumps(content, allow_nan=False)
    return content["findings"][0] | {"all": content}


def against_reference(approved: int = 3750, people: int = 5000) -> ReferenceTest:
    """A ratio of at least 0.8 to a reference of which so many are approved, at a level of 90%."""
    return ReferenceTest(ratio=True, count=approved, n=people, limit=RATIO, level=0.9)


@pytest.fixture(scope="module")
def of_thirty() -> np.ndarray:
    return np.array([verdict(counted((3750, 5000), (k, 30)))["verdict"] for k in K])


def test_of_30_people_13_approved_fail_and_23_pass(of_thirty: np.ndarray) -> None:
    assert K[of_thirty == "fail"].tolist() == list(range(14))
    assert K[of_thirty == "pass"].tolist() == list(range(23, 31))


@pytest.mark.parametrize(
    ("ratio", "point_fails", "fails", "passes"),
    [
        (1.0, 0.051, 0.000, 0.51),
        (0.9, 0.24, 0.005, 0.19),
        (0.8, 0.57, 0.048, 0.044),
        (0.7, 0.84, 0.21, 0.006),
        (0.6, 0.97, 0.50, 0.000),
    ],
)
def test_operating_characteristics(
    of_thirty: np.ndarray, ratio: float, point_fails: float, fails: float, passes: float
) -> None:
    """A group of 30 against 3,750 of 5,000. The point rule counts 18 of 30, a ratio of exactly 0.8, as a fail."""
    chance = binom.pmf(K, 30, 0.75 * ratio)
    assert chance[K / 30 / 0.75 <= 0.8].sum() == pytest.approx(point_fails, abs=0.006)
    assert chance[of_thirty == "fail"].sum() == pytest.approx(fails, abs=0.005)
    assert chance[of_thirty == "pass"].sum() == pytest.approx(passes, abs=0.005)


@pytest.mark.parametrize(("approval", "people"), [(0.5, 150), (0.75, 55), (0.9, 29)])
def test_people_needed_at_parity(approval: float, people: int) -> None:
    test = against_reference(int(5000 * approval))
    needed = find_sample_size(test, approval)
    assert needed == people
    sizes = np.array([people - 1, people])
    below, enough = compute_pass_probability(test, approval, sizes)
    assert below < 0.8 <= enough


def test_the_chance_of_a_pass_is_that_of_the_verdicts(of_thirty: np.ndarray) -> None:
    chance = compute_pass_probability(against_reference(), 0.7, np.array([30]))[0]
    assert chance == pytest.approx(binom.pmf(K, 30, 0.7)[of_thirty == "pass"].sum())


def test_no_number_of_people_makes_a_breach_pass() -> None:
    assert find_sample_size(against_reference(), 0.59) is None
    found = verdict(counted((3750, 5000), (5, 10)))
    assert found["verdict"] == "insufficient"
    assert found["more_people_at_observed_rates"] is None
    assert found["more_people_at_equal_rates"] == 45


def test_a_policy_that_blocks_nothing_says_too_how_many_more_people_it_would_take() -> None:
    found = verdict(counted((3750, 5000), (5, 10)), policy=policy("nothing"))
    assert (found["verdict"], found["blocks"]) == ("insufficient", False)
    assert found["more_people_at_equal_rates"] == 45
    assert found["all"]["obligations"] == []  # type: ignore[index]


def test_no_number_of_people_helps_against_a_reference_that_nobody_is_approved_of() -> None:
    assert find_sample_size(against_reference(0, 100), 0.9) is None


@pytest.mark.parametrize(
    ("approved", "expected", "blocking"),
    [
        (6, "fail", ("unequal", "beyond", "undecided")),
        (17, "unequal", ("unequal", "beyond", "undecided")),
        (20, "insufficient", ("undecided",)),
        (25, "pass", ()),
    ],
)
@pytest.mark.parametrize("block_from", ["unequal", "beyond", "undecided"])
def test_each_policy_blocks_from_its_own_finding_on(
    approved: int, expected: str, blocking: tuple[str, ...], block_from: str
) -> None:
    """17 of 30 is beyond the limit and no chance, 20 of 30 within it and undecided."""
    found = verdict(counted((3750, 5000), (approved, 30)), rules=rules(block_from=block_from))
    assert found["verdict"] == expected
    assert found["blocks"] is (block_from in blocking)


@pytest.mark.parametrize(("block_from", "blocks"), [("unequal", False), ("beyond", True), ("undecided", True)])
def test_beyond_and_undecided_warns_and_becomes_an_obligation(block_from: str, blocks: bool) -> None:
    """5 of 10: a ratio of 0.667, which one in eleven fair candidates comes to."""
    found = verdict(counted((3750, 5000), (5, 10)), rules=rules(block_from=block_from))
    assert (found["verdict"], found["blocks"], found["warn"]) == ("insufficient", blocks, not blocks)
    (obligation,) = found["all"]["obligations"]  # type: ignore[index]
    assert (obligation["group"], obligation["at_least"], obligation["planned_ratio"]) == ("Black", 0.8, 0.7)
    assert obligation["power"] == found["power"] == pytest.approx(binom.cdf(4, 10, 0.75 * 0.7), abs=1e-9)
    more = obligation["more_people_to_decide"]
    enough = compute_power(against_reference(), 0.75 * 0.7, np.array([10 + more]), 0.05)
    assert enough >= 0.8
    assert compute_power(against_reference(), 0.75 * 0.7, np.array([10 + more * 4 // 5]), 0.05) < 0.8


def test_what_is_decided_is_no_obligation() -> None:
    for approved in (6, 17, 20, 25):
        assert verdict(counted((3750, 5000), (approved, 30)))["all"]["obligations"] == []  # type: ignore[index]


def test_a_ratio_of_exactly_the_limit_is_not_beyond_it() -> None:
    found = verdict(counted((3750, 5000), (18, 30)), rules=rules(block_from="beyond"))
    assert (found["verdict"], found["blocks"]) == ("insufficient", False)


def test_a_fail_blocks_and_a_pass_below_the_warning_level_warns() -> None:
    fail, passed = verdict(counted((3750, 5000), (10, 30))), verdict(counted((3750, 5000), (6450, 10000)))
    assert (fail["verdict"], fail["blocks"]) == ("fail", True)
    assert (passed["verdict"], passed["blocks"], passed["warn"]) == ("pass", False, True)


@pytest.mark.parametrize(
    ("approved", "expected"), [(0, "fail"), (1, "fail"), (3, "unequal"), (5, "not assessable"), (9, "not assessable")]
)
def test_fewer_than_ten_people_never_pass_and_can_fail(approved: int, expected: str) -> None:
    """9 of 9 denied where three in four are approved: one in 250,000 fair candidates comes to it."""
    found = verdict(counted((3750, 5000), (approved, 9)))
    assert found["verdict"] == expected
    assert found["blocks"] is (expected != "not assessable")
    assert len(found["all"]["obligations"]) == (approved == 5)  # type: ignore[index]
    strict = verdict(counted((3750, 5000), (approved, 9)), rules=rules(block_from="undecided"))
    assert strict["blocks"]


def test_a_reference_that_is_too_small_is_a_finding_that_blocks_once() -> None:
    made = verdict(counted((8, 9), (400, 500), (390, 500)))["all"]
    assert made["blocks"]  # type: ignore[index]
    (finding,) = [one for one in made["findings"] if one["blocks"]]  # type: ignore[index]
    assert (finding["group"], finding["verdict"]) == ("white", "not assessable")
    assert "needs 10 people, the group has 9" in finding["reason"]
    waiver = WAIVER.model_copy(update={"group": "white"})
    waived = judge_fairness(counted((8, 9), (400, 500), (390, 500)), policy(), rules(), "forest", {"w": waiver}, TODAY)
    assert not waived.blocks
    with pytest.raises(CreditError, match="group: found white"):
        judge_fairness(counted((80, 90), (400, 500)), policy(), rules(), "forest", {"w": waiver}, TODAY)


def test_everybody_undisclosed_blocks_because_nobody_can_be_judged() -> None:
    codes = np.full(500, 2)
    counts = count_people({"sex": ("male", "female", "undisclosed")}, {"sex": codes}, codes > 0, codes / 4, codes * 0)
    made = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY)
    assert made.blocks
    assert made.undisclosed[0].share == 1


def test_undisclosed_people_are_no_group_and_what_they_may_hide_is_told() -> None:
    """15 people, of whom none is approved: as a group they would fail, all among 100 women they change little."""
    groups = {"sex": ("male", "female", "undisclosed")}
    codes = np.repeat([0, 1, 2], [4000, 1000, 15])
    decisions = np.where(codes == 2, 2, np.arange(len(codes)) % 5 // 4 * 2)
    counts = count_people(groups, {"sex": codes}, np.ones(len(codes), dtype=bool), codes * 0.0, decisions)
    made = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY)
    assert [(one.group, one.verdict) for one in made.findings] == [("female", "pass")]
    (hidden,) = made.undisclosed
    assert hidden.worst_case is not None
    assert (hidden.worst_case.group, hidden.worst_case.verdict) == ("female", "pass")
    assert hidden.worst_case.value == pytest.approx(800 / 1015 / 0.8)
    assert "were all of them female, the verdict would be pass" in hidden.reason
    many = np.repeat([0, 1, 2], [4000, 1000, 500])
    decisions = np.where(many == 2, 2, np.arange(len(many)) % 5 // 4 * 2)
    counts = count_people(groups, {"sex": many}, np.ones(len(many), dtype=bool), many * 0.0, decisions)
    (hidden,) = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY).undisclosed
    assert hidden.worst_case is not None
    assert hidden.worst_case.verdict == "fail"


def test_the_worst_off_group_of_a_limit_from_above_is_the_highest() -> None:
    """Whoever does not disclose may be one more of the group that is favoured."""
    above = policy(adverse_impact_ratio=Limit(at_most=1.25, source="a test"))
    counts = counted((500, 1000), (450, 1000), (560, 1000), (100, 100))
    counts.groups["race"] = ("white", "Black", "Asian", "undisclosed")
    (hidden,) = judge_fairness(counts, above, rules(), "forest", {}, TODAY).undisclosed
    assert hidden.worst_case is not None
    assert (hidden.worst_case.group, hidden.worst_case.of_group) == ("Asian", "Asian")
    assert hidden.worst_case.value == pytest.approx(660 / 1100 / 0.5)


@pytest.mark.parametrize("limit", [RATIO, Limit(at_most=1.25, source=""), Limit(at_least=0.8, at_most=1.25, source="")])
def test_intervals_are_judged_alike_one_by_one_and_many_at_once(limit: Limit) -> None:
    ends = [0.0, 0.8 - 1e-13, 0.8, 1.0, 1.25, 1.25 + 1e-13, 2.0, float("inf"), float("nan")]
    low, high = (np.array(part) for part in zip(*itertools.product(ends, ends), strict=True))
    for judge in (limit.is_kept_by, limit.is_broken_by):
        assert judge(low, high).tolist() == [judge(*pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]
    unknown = np.isnan(low) | np.isnan(high)
    assert not limit.is_kept_by(low, high)[unknown].any()


def test_a_ratio_far_above_one_can_be_limited() -> None:
    """Four in five of the group against one in two of the reference."""
    both = policy(adverse_impact_ratio=Limit(at_least=0.8, at_most=1.25, source="a test"))
    above = policy(adverse_impact_ratio=Limit(at_most=1.25, source="a test"))
    for limits in (both, above):
        assert verdict(counted((2500, 5000), (400, 500)), policy=limits)["verdict"] == "fail"
        assert verdict(counted((2500, 5000), (9, 9)), policy=limits)["verdict"] in ("fail", "unequal")
        assert verdict(counted((2500, 5000), (250, 500)), policy=limits)["verdict"] == "pass"
    assert verdict(counted((2500, 5000), (100, 500)), policy=above)["verdict"] == "pass"


def test_only_primary_attributes_gate_and_are_corrected_among_themselves() -> None:
    """27 of 48 women against three in four men; 40 groups of origin beside them would hide it, and are reported."""
    origins = tuple(f"origin {number}" for number in range(40))
    groups = {"sex": ("male", "female"), "origin": origins}
    rng = np.random.default_rng(5)
    sex, origin = np.repeat([0, 1], [3000, 48]), rng.integers(0, 40, 3048)
    approved = np.where(sex == 0, np.arange(3048) % 4 > 0, np.arange(3048) % 16 < 9)
    counts = count_people(
        groups, {"sex": sex, "origin": origin}, np.ones(3048, dtype=bool), approved * 0.5, np.where(approved, 0, 2)
    )
    everything = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY)
    primary = judge_fairness(counts, policy(), rules(primary=["sex"]), "forest", {}, TODAY)
    assert [one.verdict for one in everything.findings if one.group == "female"] == ["insufficient"]
    assert [one.verdict for one in primary.findings if one.group == "female"] == ["unequal"]
    assert {name: one.primary for name, one in primary.attributes.items()} == {"sex": True, "origin": False}
    assert not any(one.blocks for one in primary.findings if one.attribute == "origin")
    assert primary.verdict == "unequal"
    assert judge_fairness(counts, policy("pairs"), rules(primary=["sex"]), "forest", {}, TODAY).pairs
    with pytest.raises(CreditError, match=r"primary: found 'income', expected one of sex, origin"):
        judge_fairness(counts, policy(), rules(primary=["income"]), "forest", {}, TODAY)


def test_positives_count_for_a_true_positive_rate_not_people() -> None:
    limit = {"true_positive_rate_difference": Limit(at_least=-0.1, source="a test")}
    codes, labels = np.repeat([0, 1], [500, 500]), np.ones(1000, dtype=bool)
    labels[509:] = False
    counts = count_people(
        {"race": ("white", "Black")}, {"race": codes}, labels, np.full(1000, 0.5), np.zeros(1000, dtype=int)
    )
    found = verdict(counts, policy=policy(**limit))
    assert found["verdict"] == "not assessable"
    assert "needs 10 people with a favourable outcome, the group has 9" in str(found["reason"])


@pytest.mark.parametrize(("approved", "expected"), [(500, "pass"), (0, "not assessable")])
def test_a_candidate_that_approves_everybody_or_nobody_gets_an_answer(approved: int, expected: str) -> None:
    assert verdict(counted((approved, 500), (approved, 500)))["verdict"] == expected


def test_an_attribute_with_one_group_has_nothing_to_judge() -> None:
    made = judge_fairness(counted((400, 500)), policy(), rules(), "forest", {}, TODAY)
    assert made.findings == ()
    assert not made.blocks


def test_empty_groups_are_shown_and_an_empty_undisclosed_one_does_not_warn() -> None:
    counts = count_people(GROUPS, {"race": [0] * 20, "sex": [0] * 20}, [True] * 20, [0.5] * 20, ["approve"] * 20)
    found = {
        (one.attribute, one.group): one
        for one in judge_fairness(counts, policy(), rules(), "forest", {}, TODAY).findings
    }
    assert set(found) == {("race", "Black"), ("race", "Hispanic"), ("sex", "female")}
    assert {one.verdict for one in found.values()} == {"not assessable"}
    assert found["race", "Black"].warn


@pytest.mark.parametrize(
    ("hidden", "warn", "expected"), [(100, False, "pass"), (700, True, "pass"), (3000, True, "insufficient")]
)
def test_many_undisclosed_people_warn_and_prevent_a_pass(hidden: int, warn: bool, expected: str) -> None:
    groups = {"sex": ("male", "female", "undisclosed")}
    codes = np.repeat([0, 1, 2], [4000, 4000, hidden])
    n = len(codes)
    counts = count_people(groups, {"sex": codes}, np.ones(n, dtype=bool), np.full(n, 0.5), np.arange(n) % 5 // 4 * 2)
    made = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY)
    assert made.undisclosed[0].warn is warn
    assert made.findings[0].verdict == expected
    assert not made.blocks


def test_pairs_are_reported_and_block_only_if_the_policy_says_so() -> None:
    """Each margin is fair; Black women and white men alone are turned down."""
    race, sex = np.repeat([0, 0, 1, 1], 2000), np.repeat([0, 1, 0, 1], 2000)
    share = np.array([0.8, 0.8, 0.8, 0.8])
    share[3] = 0.5
    approved = np.tile(np.arange(2000) / 2000, 4) < share[race * 2 + sex]
    groups = {"race": ("white", "Black"), "sex": ("male", "female")}
    counts = count_people(
        groups, {"race": race, "sex": sex}, np.ones(8000, dtype=bool), approved * 0.5, np.where(approved, 0, 2)
    )
    reported = judge_fairness(counts, policy(), rules(), "forest", {}, TODAY)
    gated = judge_fairness(counts, policy("pairs"), rules(), "forest", {}, TODAY)
    nothing = judge_fairness(counts, policy("nothing"), rules(), "forest", {}, TODAY)
    of_pair = reported.pairs[-1]
    assert (of_pair.group, of_pair.verdict, of_pair.blocks, of_pair.warn) == (
        "Black & female",
        "fail",
        False,
        True,
    )
    assert not reported.blocks
    assert gated.blocks
    assert gated.pairs == ()
    assert not nothing.blocks
    assert nothing.findings[0].verdict == reported.findings[0].verdict


def test_holm_rejects_step_by_step() -> None:
    """Holm (1979): 0.01 <= 0.05/4, 0.013 <= 0.05/3, 0.03 > 0.05/2, and there it stops."""
    assert reject_by_holm([0.03, 0.01, 0.04, 0.013], 0.05).tolist() == [False, True, False, True]
    both = reject_by_holm([[0.03, 0.01, 0.04, 0.013], [0.2, 0.3, 0.01, 0.9]], 0.05)
    assert both.tolist() == [[False, True, False, True], [False, False, True, False]]


def test_p_is_below_the_level_exactly_when_the_whole_interval_is_beyond(of_thirty: np.ndarray) -> None:
    for k in (12, 13, 14, 15):
        item = compare_groups(counted((3750, 5000), (k, 30)), [("race",)], policy(), rules())[0]
        assert (item.compute_limit_p_value(exact=False) <= 0.05) == (of_thirty[k] == "fail")


def test_perfect_parity_over_17_cells_hardly_ever_fails() -> None:
    rng = np.random.default_rng(0)
    sizes = [4000, *rng.integers(30, 400, 16)]
    alarms = sum(
        verdict(counted(*((int(rng.binomial(n, 0.75)), int(n)) for n in sizes)))["all"]["verdicts"].get("fail", 0) > 0  # type: ignore[index]
        for _ in range(200)
    )
    assert alarms == 0


def remember(compute: Callable[..., float]) -> Callable[..., float]:
    """Compute the p-value of the same people once: samples of a simulation have the same counts again and again."""
    known: dict[object, float] = {}

    def look_up(item: Comparison, *given: bool) -> float:
        key = (item.measure, item.limit, item.people.tobytes(), item.scores.tobytes(), given)
        if key not in known:
            known[key] = compute(item, *given)
        return known[key]

    return look_up


def test_all_fails_together_are_undeserved_at_most_as_often_as_one_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve groups exactly at the limit, the hardest case: uncorrected, 38% of the samples would fail somewhere."""
    for name in ("compute_limit_p_value", "compute_parity_p_value"):
        monkeypatch.setattr(Comparison, name, remember(getattr(Comparison, name)))
    rng = np.random.default_rng(1)
    samples, wrong, uncorrected = 1000, 0, 0
    for approved in rng.binomial(400, 0.6, (samples, 12)):
        counts = counted((75_000, 100_000), *((int(k), 400) for k in approved))
        compared = compare_groups(counts, [("race",)], policy(), rules())
        wrong += "fail" in judge_comparisons(compared, rules())
        uncorrected += any(item.high < 0.8 for item in compared)
    assert wrong / samples <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / samples)
    assert uncorrected / samples > 0.3


def test_the_reason_has_the_numbers() -> None:
    found = verdict(counted((3750, 5000), (10, 30)))
    assert found["reason"] == (
        "race Black: adverse impact ratio 0.444 (10 of 30, against 3,750 of 5,000 of white); the whole of the 90% "
        "interval, 0.281 to 0.645, is beyond the limit of at least 0.8."
    )


def test_the_default_policy_decides_about_ordinary_rows() -> None:
    made = judge_fairness(count_people(GROUPS, *rows(5000)), SCREEN, PARAMS.rules, "forest", {}, TODAY)
    json.dumps(made.model_dump(mode="json"), allow_nan=False)
    assert {one.measure for one in made.findings} == set(SCREEN.limits)
    assert all(limit.source for chosen in PARAMS.policies.values() for limit in chosen.limits.values())


def chosen(**limit: object) -> dict[str, object]:
    return {"policies": {"four_fifths_screen": {"description": "", "gates": "nothing", "limits": limit}}}


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"policy": "nicest"}, "the policy nicest"),
        (chosen(beauty={"at_least": 1, "source": ""}), "limits of beauty"),
        (chosen(precision={"source": ""}), "no limit"),
        (chosen(precision={"at_least": 0.8, "warn_below": 0.7, "source": ""}), "at_least <= warn_below"),
        ({"nonsense": 1}, "Extra inputs"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(block: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Fairness.model_validate(PARAMS.model_dump() | block)


def test_a_figure_of_one_group_can_be_gated_too_and_then_binds_the_reference() -> None:
    limit = {"selection_rate": Limit(at_least=0.5, at_most=0.9, source="a test")}
    made = judge_fairness(counted((950, 1000), (300, 1000), (700, 1000)), policy(**limit), rules(), "forest", {}, TODAY)
    assert [one.verdict for one in made.findings] == ["fail", "fail", "pass"]


def test_a_figure_that_is_missing_in_spite_of_the_people_blocks_and_too_few_people_do_not() -> None:
    nobody = verdict(counted((0, 5000), (17, 300)))
    assert (nobody["verdict"], nobody["blocks"]) == ("not assessable", True)
    assert "nobody of the reference" in str(nobody["reason"])
    few = verdict(counted((0, 5000), (3, 5)))
    assert (few["verdict"], few["blocks"]) == ("not assessable", False)


def test_an_attribute_with_one_group_is_not_assessable_where_there_are_limits() -> None:
    alone = count_people(
        {"race": ["white"]}, {"race": np.zeros(100, np.int64)}, [True] * 100, [0.9] * 100, ["approve"] * 100
    )
    made = judge_fairness(alone, policy(), rules(), "forest", {}, TODAY)
    assert (made.verdict, made.attributes["race"].verdict) == ("not assessable", "not assessable")
    assert not made.blocks


@pytest.mark.parametrize(("group", "reference"), [((5, 10), (3750, 5000)), ((70, 100), (8, 10))])
def test_exactly_the_smallest_denominator_is_enough(group: tuple[int, int], reference: tuple[int, int]) -> None:
    """And one person fewer, on either side, is not."""
    made = verdict(counted(reference, group))
    assert made["verdict"] != "not assessable"
    assert made["all"]["lowest_adverse_impact_ratio"]["group"] == "Black"  # type: ignore[index]
    smaller = [(approved, people - (people == 10)) for approved, people in (reference, group)]
    made = verdict(counted(*smaller))
    assert made["verdict"] == "not assessable"
    assert "needs 10 people" in str(made["reason"])
    lowest = made["all"]["lowest_adverse_impact_ratio"]  # type: ignore[index]
    assert lowest is None or lowest["group"] == "white"


def test_with_enough_people_and_no_ratio_the_reason_is_the_reference_and_not_the_number() -> None:
    assert "nobody of the reference white is approved" in str(verdict(counted((0, 10), (5, 10)))["reason"])


def test_a_pass_of_a_limit_from_above_is_found_by_the_same_search() -> None:
    """A ratio of at most 1.25, of a group that is approved as often as its reference."""
    test = ReferenceTest(ratio=True, count=3750, n=5000, limit=Limit(at_most=1.25, source="a test"), level=0.9)
    sizes = np.array([30, 300])
    passes = [
        [float(mover_r_interval(np.array([k]), np.array([n]), 3750, 5000, 0.9)[1][0]) <= 1.25 for k in range(n + 1)]
        for n in sizes
    ]
    expected = [binom.pmf(np.arange(n + 1), n, 0.75)[kept].sum() for n, kept in zip(sizes, passes, strict=True)]
    assert compute_pass_probability(test, 0.75, sizes) == pytest.approx(expected)


def test_no_more_people_are_needed_where_fewer_would_do() -> None:
    """At equal rates 25 more than 17 of 30 need; with ten times as many there are enough already."""
    made = verdict(counted((3750, 5000), (190, 300)))
    assert made["verdict"] == "insufficient"
    assert made["more_people_at_equal_rates"] == 0


@pytest.mark.parametrize(("value", "warns"), [(0.89, True), (0.9, False), (0.95, False), (1.1, False), (1.11, True)])
def test_a_warning_is_beyond_its_level_and_not_at_it(value: float, warns: bool) -> None:
    assert Limit(warn_below=0.9, warn_above=1.1, source="a test").has_warning_at(value) is warns

"""A candidate against the version in production on the same rows."""

import json

import numpy as np
import pytest
from fairness_rows import RATIO, rules

from credit.common.errors import CreditError
from credit.fairness.policies import Limit
from credit.fairness.versions.changes import estimate_rate_change, estimate_ratio_change
from credit.fairness.versions.comparison import PairedCounts, compare_versions, count_paired_people

GROUPS = {"race": ("white", "Black")}
RULES = rules(level=0.9, largest_drop=0.02, smallest_denominator=10)
REFERENCE = (0.72, 0.03, 0.03, 0.22)  # approved by both, by production only, by the candidate only, by neither


def table(*cells: tuple[int, ...]) -> np.ndarray:
    """Both, first only, second only, neither -> shape (cells, 3, 3)."""
    out = np.zeros((len(cells), 3, 3), dtype=np.int64)
    for cell, (both, first, second, neither) in zip(out, cells, strict=True):
        cell[0, 0], cell[0, 2], cell[2, 0], cell[2, 2] = both, first, second, neither
    return out


@pytest.mark.parametrize(
    ("people", "cell"),
    [
        (30, (0.66, 0.02, 0.02, 0.30)),
        (30, (0.60, 0.10, 0.03, 0.27)),
        (500, (0.60, 0.10, 0.03, 0.27)),
        (500, (0.60, 0.005, 0.005, 0.39)),
        (5000, (0.60, 0.10, 0.03, 0.27)),
        (5000, (0.90, 0.05, 0.00, 0.05)),
    ],
)
def test_intervals_of_changes_cover_a_known_change(people: int, cell: tuple[float, ...]) -> None:
    rng = np.random.default_rng(people)
    of_rate = cell[2] - cell[1]
    of_ratio = (cell[0] + cell[2]) / (REFERENCE[0] + REFERENCE[2]) - (cell[0] + cell[1]) / (REFERENCE[0] + REFERENCE[1])
    samples, hits = 2000, np.zeros(2)
    own, reference = rng.multinomial(people, cell, samples), rng.multinomial(5000, REFERENCE, samples)
    for one, other in zip(reference, own, strict=True):
        drawn = table(tuple(one), tuple(other))
        for i, (change, truth) in enumerate(((estimate_rate_change, of_rate), (estimate_ratio_change, of_ratio))):
            _, low, high, _ = change(drawn, 0.9)
            hits[i] += low[1] <= truth <= high[1]
    assert (hits / samples >= 0.875).all()
    assert (hits / samples <= 0.99).all()


def test_pairing_narrows_the_interval() -> None:
    """Two versions that agree on nearly everybody differ by less than chance between two samples would allow."""
    drawn = table((3600, 50, 50, 1300), (290, 10, 3, 197))
    _, low, high, _ = estimate_rate_change(drawn, 0.9)
    assert (high - low)[1] < 0.5 * 2 * 1.645 * np.sqrt(2 * 0.6 * 0.4 / 500)


def people(n: int, flipped: float, seed: int = 0) -> dict[str, object]:
    """A candidate that turns down this share of the Black applicants whom production approved."""
    rng = np.random.default_rng(seed)
    race = rng.integers(0, 2, n).astype(np.int8)
    production = rng.choice(["approve", "refer", "deny"], n, p=[0.7, 0.1, 0.2])
    lost = (race == 1) & (production == "approve") & (rng.random(n) < flipped)
    made = count_paired_people(
        GROUPS, {"race": race}, rng.random(n) < 0.8, production, np.where(lost, "deny", production)
    )
    found = compare_versions(made, RATIO, RULES).model_dump(mode="json")
    json.dumps(found, allow_nan=False)
    return found["findings"][1] | {"lost": int(lost.sum()), "all": found}


def test_a_real_drop_blocks_and_says_so() -> None:
    found = people(10_000, 0.15)
    assert found["blocks"]
    assert found["adverse_impact_ratio_change"] == pytest.approx(-0.15, abs=0.02)
    assert found["true_positive_rate_change"] == pytest.approx(-0.1, abs=0.02)
    assert "a drop of more than 0.02" in str(found["reason"])


def test_a_certain_drop_that_ends_far_from_the_limit_does_not_block() -> None:
    found = people(10_000, 0.05)
    assert found["adverse_impact_ratio_change_interval"][1] < -0.02  # type: ignore[index]
    assert found["adverse_impact_ratio"] == pytest.approx(0.95, abs=0.02)
    assert not found["blocks"]
    assert "not near a limit" in str(found["reason"])


@pytest.mark.parametrize(("limit", "blocks"), [(Limit(at_least=0.9, source=""), True), (None, False)])
def test_near_is_below_the_warning_level_or_else_the_limit(limit: Limit | None, blocks: bool) -> None:
    counts = PairedCounts(GROUPS, {"race": np.zeros((2, 2, 3, 3), dtype=np.int64)})
    counts.people["race"][:, 1, 0, 0], counts.people["race"][1, 1, 0, 2] = (5000, 3500), 1500
    assert compare_versions(counts, limit, RULES).blocks is blocks


@pytest.mark.parametrize(
    ("before", "after", "blocks", "said"),
    [
        (0.80, 0.60, True, "a drop of more than 0.02"),
        (0.60, 0.80, False, "nearer to parity"),
        (1.15, 1.03, False, "nearer to parity"),
        (1.05, 1.25, True, "now its reference is worse off"),
        (1.25, 1.05, False, "nearer to parity"),
        (1.20, 0.84, False, "against the version in production."),
        (1.00, 1.05, False, "not near a limit"),
    ],
)
def test_what_counts_is_the_distance_from_parity_in_both_directions(
    before: float, after: float, blocks: bool, said: str
) -> None:
    """Of 50,000 people each; 60% of the reference are approved by both versions."""
    first, second = round(30_000 * before), round(30_000 * after)
    both = min(first, second)
    counts = PairedCounts(GROUPS, {"race": np.zeros((2, 2, 3, 3), dtype=np.int64)})
    counts.people["race"][0, 1, [0, 2], [0, 2]] = 30_000, 20_000
    counts.people["race"][1, 1] = [
        [both, 0, first - both],
        [0, 0, 0],
        [second - both, 0, 50_000 - first - second + both],
    ]
    finding = compare_versions(counts, RATIO, RULES).findings[1]
    assert finding.adverse_impact_ratio == pytest.approx(after)
    assert finding.blocks is blocks
    assert said in finding.reason


@pytest.mark.parametrize("n", [600, 6000])
def test_a_change_that_changes_nothing_is_stopped_no_more_often_than_promised(n: int) -> None:
    """16 groups near the limit; each version errs about one person in ten by itself. At most 5%, by Holm."""
    rng = np.random.default_rng(n)
    groups = {"origin": tuple(f"group {number}" for number in range(17))}
    shares = np.array([0.36, *[0.04] * 16])
    rates = np.where(np.arange(17) == 0, 0.8, 0.68)
    blocked, samples = 0, 300
    for _ in range(samples):
        origin = rng.choice(17, n, p=shares)
        same = rng.random(n) < rates[origin]
        versions = [np.where(rng.random(n) < 0.1, rng.random(n) < rates[origin], same) for _ in range(2)]
        before, after = (np.where(approved, 0, 2) for approved in versions)
        counts = count_paired_people(groups, {"origin": origin}, same, before, after)
        blocked += compare_versions(counts, RATIO, RULES).blocks
    assert blocked / samples <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / samples)


def test_a_drop_that_may_be_chance_does_not_block() -> None:
    found = people(40, 0.10, seed=9)
    assert found["adverse_impact_ratio_change"] < -0.02  # type: ignore[operator]
    assert not found["blocks"]
    assert "may be chance" in str(found["reason"])


def test_a_certain_drop_of_less_than_the_limit_does_not_block() -> None:
    found = people(100_000, 0.01)
    assert found["adverse_impact_ratio_change_interval"][1] < 0  # type: ignore[index]
    assert not found["blocks"]


def test_flips_are_counted_by_direction() -> None:
    found = people(10_000, 0.10)
    assert found["flips"]["approve_to_deny"] == found["lost"]  # type: ignore[index]
    assert sum(found["flips"].values()) == found["lost"]  # type: ignore[attr-defined]


def test_the_same_version_changes_nothing() -> None:
    found = people(2000, 0)
    assert found["adverse_impact_ratio_change"] == 0
    assert found["true_positive_rate_change"] == 0
    assert not found["all"]["blocks"]  # type: ignore[index]


def test_versions_that_approve_nobody_or_everybody_get_an_answer() -> None:
    for production, candidate in ((0, 0), (2, 2), (0, 2), (2, 0)):
        race = np.arange(100) % 2
        made = count_paired_people(
            GROUPS, {"race": race}, race == race, np.full(100, production), np.full(100, candidate)
        )
        json.dumps(compare_versions(made, RATIO, RULES).model_dump(mode="json"), allow_nan=False)
    none = count_paired_people(GROUPS, {"race": []}, [], np.array([], dtype=int), np.array([], dtype=int))
    json.dumps(compare_versions(none, RATIO, RULES).model_dump(mode="json"), allow_nan=False)


def test_partitions_add_up() -> None:
    rng = np.random.default_rng(0)
    race, labels = rng.integers(0, 2, 500), rng.random(500) < 0.8
    one, other = rng.integers(0, 3, (2, 500))
    parts = [
        count_paired_people(GROUPS, {"race": race[part]}, labels[part], one[part], other[part])
        for part in (slice(200), slice(200, None))
    ]
    whole = count_paired_people(GROUPS, {"race": race}, labels, one, other)
    assert ((parts[0] + parts[1]).people["race"] == whole.people["race"]).all()


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(CreditError, match="1 and 2 decisions"):
        count_paired_people(GROUPS, {"race": [0, 1]}, [True, True], ["approve"], ["approve", "deny"])


@pytest.mark.parametrize(("people", "blocks"), [(10, True), (9, False)])
def test_exactly_the_smallest_denominator_is_enough_for_a_drop_to_block(people: int, blocks: bool) -> None:
    """Everybody of the group is approved by production, nobody by the candidate."""
    counts = PairedCounts(GROUPS, {"race": np.zeros((2, 2, 3, 3), dtype=np.int64)})
    counts.people["race"][0, 1, 0, 0], counts.people["race"][1, 1, 0, 2] = 500, people
    (finding,) = [one for one in compare_versions(counts, RATIO, RULES).findings if one.group == "Black"]
    assert finding.blocks is blocks
    assert ("too few people" in finding.reason) is not blocks

"""The published figures, found again in a draw of the whole population (nobody kept from applying, no bias)."""

import numpy as np
import pytest
from scenario_files import changed
from scipy.special import ndtr
from sklearn.metrics import roc_auc_score

from scenario.params import Bias

POPULATION = changed(applicants_from=0)


@pytest.fixture(scope="module")
def population(draw):
    return draw(POPULATION)


def close(found, expected, deviation, count):
    """Within four standard errors: one false alarm in 16,000."""
    assert abs(found - expected) < 4 * deviation / np.sqrt(count) + 1e-9, (found, expected)


@pytest.mark.parametrize(
    ("race", "mean", "sd"),
    [("white", 54.0, 28.7), ("Black", 25.6, 22.8), ("Hispanic", 38.2, 26.0), ("Asian", 54.7, 26.2)],
)
def test_percentile_scores_have_the_published_mean_and_spread_by_race(population, race, mean, sd):
    percentile = 100 * ndtr(population.score[population.race == race])
    close(percentile.mean(), mean, sd, len(percentile))
    close(percentile.std(), sd, sd, len(percentile))


@pytest.mark.parametrize(
    ("race", "published", "reached"),
    [("white", 0.174, 0.163), ("Black", 0.288, 0.300), ("Hispanic", 0.235, 0.223), ("Asian", 0.129, 0.141)],
)
def test_bad_rate_at_score_40_is_within_two_points_of_the_published(population, race, published, reached):
    near = population[(population.race == race) & (abs(100 * ndtr(population.score) - 40) < 2)]
    assert abs(reached - published) < 0.02
    close(near.risk.mean(), reached, near.risk.std(), len(near))


def test_the_score_separates_as_well_as_published_in_every_race(population):
    for race, own in population.groupby("race"):
        found = roc_auc_score(own.really_repaid, own.score)
        assert 0.88 < found < 0.94, (race, found)


def test_applicants_are_separated_less_well_than_the_population(population, fair):
    assert (
        0.80 < roc_auc_score(fair.really_repaid, fair.score) < roc_auc_score(population.really_repaid, population.score)
    )


def test_nobody_below_the_percentile_applies(fair):
    assert 100 * ndtr(fair.score.min()) >= 30
    assert fair.credit_score.min() >= 570


def test_percentiles_become_the_published_histogram_of_points(population):
    scored = population.dropna(subset="credit_score")
    percentile = 100 * ndtr(scored.score)
    below = percentile[scored.credit_score < 600].max(), percentile[scored.credit_score >= 600].min()
    assert below[0] == pytest.approx(35.7, abs=0.2)
    assert below[1] == pytest.approx(35.7, abs=0.2)


def test_shares_of_groups_are_as_published_or_set(fair):
    known, gendered = fair.race.dropna(), fair.gender.dropna()
    for race, share in {"white": 57.8, "Black": 12.1, "Hispanic": 18.7, "Asian": 5.9}.items():
        close((known == race).mean(), share / 94.5, 0.5, len(known))
    close((gendered == "non-binary").mean(), 0.0075, np.sqrt(0.0075), len(gendered))
    close((fair.education == "degree").mean(), 0.377, 0.49, len(fair))
    for attribute in ("gender", "race"):
        close(fair[attribute].isna().mean(), 0.03, np.sqrt(0.03), len(fair))


def test_three_of_four_non_binary_people_are_under_30(draw):
    people = draw(changed(non_binary=0.1)).query("gender == 'non-binary'")
    close((people.age < 30).mean(), 0.76, 0.43, len(people))


def test_people_without_a_score_are_as_many_and_as_unequal_as_published(draw):
    frame = draw(changed(bias=Bias.parity().model_dump() | {"missing": 1}))
    missing = frame.credit_score.isna()
    close(missing.mean(), 0.125, 0.33, len(frame))
    by_race = missing.groupby(frame.race).agg(["mean", "size"])
    white = by_race.loc["white", "mean"]
    for race, times in {"Black": 13 / 7, "Hispanic": 12 / 7, "Asian": 1}.items():
        close(by_race.loc[race, "mean"], times * white, 0.5, by_race.loc[race, "size"])
    assert missing[frame.age < 25].mean() / missing[frame.age >= 25].mean() == pytest.approx(3, rel=0.1)
    assert missing[frame.income < 30_000].mean() / missing[frame.income >= 30_000].mean() == pytest.approx(2, rel=0.1)

"""Every parameter is found again in the data, and changes no column that it is not about."""

import numpy as np
import pytest
from scenario_files import FAIR, HIDDEN, changed
from scipy.special import ndtri

from scenario.params import Bias

RISKY = {"credit_score", "monthly_debt", "late_payments", "utilisation", "inquiries", "repaid"}


def bias(**params):
    return {"bias": Bias.parity().model_dump() | params}


def drift(**params):
    return {"drift": {"starts": 0.5} | params}


@pytest.mark.parametrize(
    ("params", "columns"),
    [
        (bias(score={"Black": 40}), {"credit_score"}),
        (bias(label={"Black": 0.2}), {"repaid"}),
        (bias(proxy=2), {"area_index"}),
        (bias(missing=1), {"credit_score"}),
        (drift(starts=0.2), set()),
        (drift(covariate=-0.5), RISKY),
        (drift(concept=0.5), {"repaid"}),
        (drift(group_mix=0.5), RISKY | {"race"}),
        (drift(missingness=0.3), {"credit_score"}),
        ({"risk_gap": 0.5}, RISKY),
        ({"applicants_from": 20}, RISKY),
        ({"no_score": 0.05}, {"credit_score"}),
        ({"undisclosed": 0.2}, {"gender", "race"}),
        ({"non_binary": 0.05}, {"gender", "age", "years_in_job"}),
        ({"last_day": "2023-12-31"}, {"applied_on"}),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
def test_a_parameter_changes_the_columns_that_it_is_about_and_no_other(draw, params, columns):
    base, other = draw(rows=20_000), draw(**params, rows=20_000)
    differing = {name for name in base if not base[name].equals(other[name])} - {*HIDDEN, "approved", "age_band"}
    assert differing == columns


@pytest.mark.parametrize("group", ["race: Black", "gender: non-binary", "gender: woman", "education: no degree"])
def test_a_score_bias_takes_its_points_off_the_group_and_nobody_else(draw, group):
    attribute, name = group.split(": ")
    base, biased = draw(undisclosed=0), draw(**bias(score={name: 30}), undisclosed=0)
    lost = base.credit_score - biased.credit_score
    members, held = base[attribute] == name, base.credit_score.notna()
    assert (lost[members & held] == 30).mean() > 0.999  # a half is rounded to even
    assert (lost[~members & held] == 0).all()


def test_score_biases_of_a_person_add_up(draw):
    base, biased = draw(undisclosed=0), draw(**bias(score={"Black": 20, "no degree": 10}), undisclosed=0)
    both = (base.race == "Black") & (base.education == "no degree")
    assert (base.credit_score - biased.credit_score)[both].mean() == pytest.approx(30, abs=0.01)


def test_a_label_bias_is_the_share_of_repaid_loans_that_the_file_denies(draw):
    frame = draw(**bias(label={"non-binary": 0.3, "Black": 0.1}), non_binary=0.1, undisclosed=0)
    repaid = frame[frame.really_repaid]
    denied = 1 - repaid.repaid
    black, non_binary = repaid.race == "Black", repaid.gender == "non-binary"
    for members, share in (
        (black & ~non_binary, 0.1),
        (non_binary & ~black, 0.3),
        (black & non_binary, 0.37),
        (~black & ~non_binary, 0.0),
    ):
        assert abs(denied[members].mean() - share) <= 4 * np.sqrt(share * (1 - share) / members.sum())
    assert not frame.repaid[~frame.really_repaid].any()


@pytest.mark.parametrize("strength", [0, 0.5, 2])
def test_the_proxy_is_the_distance_of_the_area_index_in_its_spread(draw, strength):
    frame = draw(**bias(proxy=strength), undisclosed=0)
    marked = frame.race.isin(["Black", "Hispanic"])
    others = frame.area_index[~marked]
    distance = (frame.area_index[marked].mean() - others.mean()) / others.std()
    assert distance == pytest.approx(strength, abs=4 / np.sqrt(marked.sum()))


def test_the_proxy_says_nothing_about_risk_beyond_race(draw):
    frame = draw(**bias(proxy=2))
    for _, own in frame.groupby("race"):
        assert abs(np.corrcoef(own.area_index, own.risk)[0, 1]) < 4 / np.sqrt(len(own))


@pytest.mark.parametrize("attribute", ["race", "gender", "education", "age_band"])
def test_without_bias_everybodys_chance_of_approval_at_equal_risk_is_equal(fair, attribute):
    band = np.digitize(fair.creditworthiness, np.quantile(fair.creditworthiness, np.linspace(0.01, 0.99, 99)))
    usual = fair.approved.groupby(band).mean().reindex(band).to_numpy()
    for group, own in fair.groupby(attribute):
        surplus = own.approved - usual[own.index]
        # within a band of 1% the mean risks still differ a little, by less than 0.003 in approval
        assert abs(surplus.mean()) < 4 * surplus.std() / np.sqrt(len(own)) + 0.003, group


@pytest.mark.parametrize("attribute", ["race", "gender", "education", "age_band"])
def test_without_bias_and_with_equal_risks_true_positive_rates_are_equal(draw, attribute):
    frame = draw(risk_gap=0)
    repaid = frame[frame.repaid == 1]
    overall = repaid.approved.mean()
    for group, own in repaid.groupby(attribute).approved:
        assert abs(own.mean() - overall) < 4 * np.sqrt(overall * (1 - overall) / len(own)), group


def test_without_unequal_missingness_everybody_lacks_a_score_as_often(fair):
    missing = fair.credit_score.isna()
    for attribute in ("race", "gender", "education", "age_band"):
        for group, own in missing.groupby(fair[attribute]):
            assert abs(own.mean() - 0.125) < 4 * 0.33 / np.sqrt(len(own)), group


def test_nothing_drifts_before_the_start(draw):
    base, drifted = draw(), draw(**drift(covariate=-1, concept=1, group_mix=0.5, missingness=0.5, starts=0.5))
    early = base.ramp == 0
    assert early.mean() == pytest.approx(0.5, abs=0.01)
    assert base[early].equals(drifted[early])


def test_covariate_drift_moves_creditworthiness_and_not_what_it_means(draw):
    frame = draw(**drift(covariate=-0.8), applicants_from=0)
    base = draw(applicants_from=0)
    slope = np.polyfit(frame.ramp, frame.creditworthiness - base.creditworthiness, 1)
    assert slope == pytest.approx([-0.8, 0], abs=1e-6)
    # the risk that a creditworthiness means is the same function of it
    again = np.interp(
        frame.creditworthiness, *base[["creditworthiness", "risk"]].sort_values("creditworthiness").T.values
    )
    assert np.abs(again - frame.risk)[frame.creditworthiness > base.creditworthiness.min()].max() < 1e-3


def test_concept_drift_moves_the_meaning_of_creditworthiness_and_not_the_applicants(draw):
    base, frame = draw(), draw(**drift(concept=0.6))
    usable = base.risk.between(1e-6, 1 - 1e-6)
    shift = ndtri(frame.risk[usable]) - ndtri(base.risk[usable])
    assert np.polyfit(frame.ramp[usable], shift, 1) == pytest.approx([0.6, 0], abs=1e-6)
    late = frame.ramp > 0.5
    gone = base.repaid[late].mean() - frame.repaid[late].mean()
    told = frame.risk[late].mean() - base.risk[late].mean()
    assert gone == pytest.approx(told, abs=0.01)
    assert gone > 0.02


def test_group_mix_replaces_the_named_share_of_white_applicants_by_the_others(draw):
    frame = draw(**drift(group_mix=0.5, starts=0), undisclosed=0)
    last = frame[frame.ramp > 0.9]
    white = (1 - 0.5 * last.ramp.mean()) * 0.612
    shares = last.race.value_counts(normalize=True)
    assert shares["white"] == pytest.approx(white, abs=4 * 0.5 / np.sqrt(len(last)))
    assert shares["Black"] / shares["Hispanic"] == pytest.approx(0.128 / 0.198, rel=0.1)


def test_missingness_drift_loses_the_named_share_of_scores_of_every_race(draw):
    frame = draw(**drift(missingness=0.4, starts=0))
    last = frame[frame.ramp > 0.9]
    told = 1 - (1 - 0.125) * (1 - 0.4 * last.ramp.mean())
    for _, own in last.groupby("race"):
        assert own.credit_score.isna().mean() == pytest.approx(told, abs=4 * 0.5 / np.sqrt(len(own)))


def test_applications_are_spread_evenly_over_the_whole_span(fair):
    assert (fair.applied_on.min().date(), fair.applied_on.max().date()) == (FAIR.first_day, FAIR.last_day)
    per_year = fair.applied_on.dt.year.value_counts(normalize=True)
    assert per_year.tolist() == pytest.approx([1 / 3] * 3, abs=0.006)


def test_noise_is_uninformative_and_redundant_columns_copy_their_feature(draw):
    frame = draw(changed(noise=20, redundant=7))
    bound = 4.5 / np.sqrt(len(frame))
    for n in range(1, 21):
        noise = frame[f"noise_{n:04d}"]
        for told in ("repaid", "risk", "income", "age"):
            assert abs(np.corrcoef(noise, frame[told])[0, 1]) < bound
        assert abs(noise.groupby(frame.race).mean()).max() < 0.05
    copied = ["income", "monthly_debt", "amount", "years_in_job", "late_payments", "utilisation", "inquiries"]
    for n, feature in enumerate(copied, 1):
        assert np.corrcoef(frame[f"redundant_{n:04d}"], frame[feature])[0, 1] > 0.9


def test_features_tell_risk_and_only_risk(fair):
    """Given creditworthiness (and for income and what follows from it, education), race and gender change nothing."""
    band = np.digitize(fair.creditworthiness, np.quantile(fair.creditworthiness, np.linspace(0.01, 0.99, 99)))
    for feature in ("income", "late_payments", "utilisation", "inquiries", "area_index", "term"):
        left = fair[feature] - fair[feature].groupby(band).transform("mean")
        for attribute in ("race", "gender"):
            for group, own in left.groupby(fair[attribute]):
                assert abs(own.mean()) < (4 / np.sqrt(len(own)) + 0.005) * left.std(), (feature, group)

"""Scores to decisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.scoring.policy import Policy, set_thresholds


def test_each_score_gets_the_decision_of_its_band() -> None:
    policy = Policy(approve_from=0.7, refer_from=0.4)
    assert policy.decide([0.39, 0.4, 0.69, 0.7]).tolist() == ["deny", "refer", "refer", "approve"]


def test_a_missing_score_is_referred_and_never_denied_unseen() -> None:
    assert Policy(approve_from=0.7, refer_from=0.4).decide([np.nan]).tolist() == ["refer"]


def test_without_a_cut_for_approval_nobody_is_approved_without_an_analyst() -> None:
    assert Policy(approve_from=None, refer_from=0.4).decide([0.2, 0.99]).tolist() == ["deny", "refer"]


def test_thresholds_find_the_shares_that_were_asked_for() -> None:
    scores = np.random.default_rng(0).uniform(size=10_000)
    decisions = set_thresholds(scores, 0.8, 0.05).decide(scores)
    assert (decisions == "approve").mean() == pytest.approx(0.8, abs=1e-4)
    assert (decisions == "refer").mean() == pytest.approx(0.05, abs=1e-4)


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=1, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_ties_never_exceed_the_shares_and_lower_scores_never_do_better(
    scores: list[float], share: float, budget: float
) -> None:
    policy = set_thresholds(scores, share, budget)
    decisions = policy.decide(scores)
    assert (decisions == "approve").mean() <= share + 1e-9
    assert (decisions != "deny").mean() <= share + budget + 1e-9
    order = {"deny": 0, "refer": 1, "approve": 2}
    ranks = [order[str(d)] for _, d in sorted(zip(scores, decisions, strict=True), key=lambda pair: pair[0])]
    assert ranks == sorted(ranks)


def test_everybody_can_be_approved_and_nobody_can() -> None:
    assert set(set_thresholds([0.1, 0.5], 1, 0).decide([0.1, 0.5])) == {"approve"}
    assert set(set_thresholds([0.1, 0.5], 0, 0).decide([0.1, 0.5])) == {"deny"}


def test_the_last_bits_of_a_score_do_not_change_a_decision() -> None:
    scores = np.random.default_rng(1).integers(0, 300, 1000) / 300
    policy = set_thresholds(scores, 0.7, 0.1)
    for nudged in (np.nextafter(scores, -1), np.nextafter(scores, 2)):
        assert (policy.decide(scores) == policy.decide(nudged)).all()


@given(
    st.floats(allow_nan=True) | st.sampled_from([0.0, 0.25, 0.5, np.inf]),
    st.none() | st.sampled_from([0.25, 0.5, 1.5]),
    st.sampled_from([0.0, 0.25, 0.5]),
)
def test_one_score_is_decided_as_it_is_among_many(score: float, approve_from: float | None, refer_from: float) -> None:
    policy = Policy(approve_from=approve_from, refer_from=refer_from)
    assert [policy.decide_one(score)] == policy.decide([score]).tolist()

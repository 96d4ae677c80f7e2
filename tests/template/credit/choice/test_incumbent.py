"""Who is better than the incumbent about the same people, and what would let it go forward."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.choice.champion import ChooseParams, choose_champion
from credit.choice.incumbent import Standards, find_better_candidates
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.evaluation.metrics import UnitValues, compute_metrics
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import count_predictions
from credit.fairness.findings import judge_fairness
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver
from credit.reports.choice import BetterCandidate, Choice
from testing.lenders.frozen import LENDER

PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())
CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
        "score": Column(type="number", role="score", threshold=0.5, description="d", reason="r"),
        "race": Column(
            type="category", role="protected", allowed=("white", "Black"), reference="white", description="d"
        ),
    },
)
NO_GATES = dict.fromkeys(PARAMS["choose"]["gates"])
ROWS = 3000
RNG = np.random.default_rng(0)
BLACK = RNG.random(ROWS) < 0.2
TRUTH = RNG.normal(size=ROWS)
PAID = RNG.random(ROWS) < 1 / (1 + np.exp(-2 * TRUTH - 1))


def predict(noise: float, burden: float) -> Predictions:
    """Score people with noise; `burden` is taken off the scores of one group."""
    raw = TRUTH + noise * np.random.default_rng(1).normal(size=ROWS) - burden * BLACK
    scores = 1 / (1 + np.exp(-raw))
    people = pd.DataFrame({"race": np.where(BLACK, "Black", "white")})
    decisions = np.where(scores >= 0.4, "approve", "deny")
    return Predictions(people, np.zeros(ROWS, np.int64), PAID, scores, decisions)


def choose(
    candidates: dict[str, Predictions], contract: Contract = CONTRACT, **changes: Any
) -> tuple[Choice, tuple[BetterCandidate, ...]]:
    params = ChooseParams.model_validate(PARAMS["choose"] | {"gates": NO_GATES} | changes)
    fairness, values = Fairness.model_validate(PARAMS["fairness"]), UnitValues(**PARAMS["evaluate"]["unit_values"])
    metrics = {
        name: compute_metrics(one.favourable, one.scores, one.decisions, values) for name, one in candidates.items()
    }
    today = pd.Timestamp("2026-01-01").date()
    verdicts = {
        name: judge_fairness(count_predictions(contract, one), fairness.chosen_policy, fairness.rules, name, {}, today)
        for name, one in candidates.items()
    }
    choice = choose_champion(params, metrics, verdicts)
    standards = Standards(params, fairness, values)
    return choice, find_better_candidates(choice, standards, contract, candidates, verdicts)


POOR = predict(noise=2.0, burden=3.5)


def test_a_candidate_that_is_better_on_both_counts_is_named_with_the_waivers_that_it_needs() -> None:
    choice, (better,) = choose({"heuristic": POOR, "logistic": predict(noise=0.5, burden=1.5)})
    assert (choice.champion, choice.incumbent) == ("heuristic", "heuristic")
    assert better.candidate == "logistic"
    assert better.quality_change_interval[0] > 0
    assert better.worst_group_ratio > better.incumbent_worst_group_ratio
    drafts = [yaml.safe_load(draft) for draft in better.waivers]
    assert drafts
    for draft, reason in zip(drafts, choice.candidates["logistic"].against, strict=True):
        assert reason.startswith(f"{draft['attribute']} {draft['group']}: {draft['measure'].replace('_', ' ')}")
        signed = draft | {"who": "a", "why": "b", "until": pd.Timestamp("2027-01-01").date()}
        Waiver.model_validate(signed | ({"second": "c"} if "second" in draft else {}))


@pytest.mark.parametrize(
    ("noise", "burden"),
    [
        (0.5, 3.5),  # the better model of the two, by which the group fares worse
        (3.0, 0.5),  # kinder to the group, and no model
    ],
)
def test_better_on_one_count_only_is_not_better(noise: float, burden: float) -> None:
    assert choose({"heuristic": POOR, "logistic": predict(noise, burden)})[1] == ()


def test_the_same_candidate_is_not_better_than_itself() -> None:
    assert choose({"heuristic": POOR, "logistic": POOR})[1] == ()


def test_a_candidate_that_only_quality_gates_stop_gets_no_waiver() -> None:
    gates = NO_GATES | {"lowest_roc_auc": 0.99}
    _, (better,) = choose({"heuristic": POOR, "logistic": predict(noise=0.5, burden=0.5)}, gates=gates)
    assert better.waivers == ()


def test_what_is_live_goes_forward_when_nobody_may() -> None:
    candidates = {"heuristic": POOR, "logistic": predict(noise=0.5, burden=1.5), "other": predict(0.4, 1.4)}
    choice, better = choose(candidates, incumbent="logistic")
    assert choice.champion == "logistic"
    assert not choice.chosen.eligible
    assert {one.candidate for one in better} <= {"other"}


def test_a_margin_lets_a_gain_that_is_not_sure_count() -> None:
    """Of candidates that differ by little: by the point the second is better; that it is no worse depends."""
    first, second = predict(noise=0.62, burden=1.5), predict(noise=0.6, burden=1.2)
    wide = choose({"heuristic": first, "logistic": second}, noninferiority_margin=0.5)[1]
    assert [one.candidate for one in wide] == ["logistic"]
    assert wide[0].quality_change > 0


def cells(*groups: tuple[str, int, int], bad: int = 0) -> Predictions:
    """People of each group, so many of them approved; `bad` of all are approved with an unfavourable outcome."""
    race = np.repeat([name for name, _, _ in groups], [n for _, _, n in groups])
    approved = np.concatenate([np.arange(n) < count for _, count, n in groups])
    favourable = approved.copy()
    favourable[np.flatnonzero(approved)[:bad]] = False
    scores = np.where(approved, 0.9, 0.1)
    decisions = np.where(approved, "approve", "deny")
    return Predictions(pd.DataFrame({"race": race}), np.zeros(len(race), np.int64), favourable, scores, decisions)


def test_another_worst_group_is_no_gain_of_the_first() -> None:
    """Of the two smallest ratios the one that is surely low leads; a few denials more of another group lead there."""
    before = cells(("white", 4500, 5000), ("Black", 1400, 2000), ("Asian", 11, 20))
    after = cells(("white", 4500, 5000), ("Black", 1390, 2000), ("Asian", 11, 20))
    truth = after.favourable.copy()
    first, second = (one._replace(favourable=truth) for one in (before, after))
    told = CONTRACT.columns | {
        "race": CONTRACT.columns["race"].model_copy(update={"allowed": ("white", "Black", "Asian")})
    }
    contract = CONTRACT.model_copy(update={"columns": told})
    assert choose({"heuristic": first, "logistic": second}, contract)[1] == ()


def test_a_candidate_with_a_worse_verdict_on_another_limit_is_not_better() -> None:
    """Its ratio is better, and people who would have paid are turned away in one group only."""
    first, second = predict(noise=1.0, burden=0.1), predict(noise=0.5, burden=0.1)
    deserving = np.flatnonzero(BLACK & PAID)
    decisions = second.decisions.copy()
    decisions[BLACK] = "approve"
    decisions[deserving[: len(deserving) // 3]] = "deny"
    kinder = second._replace(decisions=decisions)
    choice, better = choose({"heuristic": first, "logistic": kinder})
    assert "true positive rate" in " ".join(choice.candidates["logistic"].against)
    assert better == ()


def test_one_person_of_a_class_tells_nothing_of_quality() -> None:
    one = np.arange(ROWS) > 0
    few = {
        name: predict(noise, 0.5)._replace(favourable=one) for name, noise in (("heuristic", 1.0), ("logistic", 0.5))
    }
    for metric in ("roc_auc", "ks", "average_precision"):
        assert choose(few, metric=metric)[1] == ()

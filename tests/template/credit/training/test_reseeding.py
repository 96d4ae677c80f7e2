"""Fits with other seeds tell how far a figure moves by them, and nothing where they could not tell it."""

import pandas as pd
import pytest

from credit.contract import Contract, load_contract
from credit.reports.candidate import CandidateReport, CrossValidated, Thresholds
from credit.training.reseeding import SEEDS, score_with_other_seeds
from credit.training.train import TrainParams
from testing.lenders.loans import CONTRACT, make_loans
from testing.lenders.small import PARAMS


@pytest.fixture
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    file = tmp_path_factory.mktemp("contract") / "mine.yaml"
    file.write_text(CONTRACT)
    return load_contract(file)


def count_fits(contract: Contract, candidate: str, searches: bool) -> int:
    params = TrainParams.model_validate(PARAMS | {"search": PARAMS["search"] | {"enabled": searches}})
    report = CandidateReport(
        candidate=candidate,
        features=("score", "income", "employed"),
        hyperparameters=dict(PARAMS.get(candidate, {})),
        policy=Thresholds(approve_from=0.5, refer_from=0.4),
        cross_validated=CrossValidated(rows=1, roc_auc=0.5, approved=0.5, referred=0.0),
        search=None,
    )
    loans: pd.DataFrame = make_loans(300)
    return len(score_with_other_seeds(report, params, contract, loans[:200], loans[200:]))


def test_a_candidate_is_trained_with_each_seed_and_the_rule_has_none(contract: Contract) -> None:
    assert count_fits(contract, "logistic", searches=False) == len(SEEDS)
    assert count_fits(contract, "heuristic", searches=False) == 0


def test_no_fit_says_how_far_a_search_for_settings_would_move_a_figure(contract: Contract) -> None:
    assert count_fits(contract, "logistic", searches=True) == 0

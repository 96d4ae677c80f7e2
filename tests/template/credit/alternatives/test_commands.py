"""The command that trains a point of the search trains that point, whatever params.yaml says besides."""

import pytest

from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.variants import list_variants
from credit.alternatives.wording import add_switches
from credit.common.params import read_params
from credit.contract import load_contract
from credit.training.train import TrainParams
from testing.lenders.frozen import LENDER

TRAIN = read_params(TrainParams, "train", LENDER / "params.yaml")
SEARCHED = TRAIN.model_copy(update={"search": TRAIN.search.model_copy(update={"enabled": True})})
UNREAD = TRAIN.model_copy(update={"read_protected": False})
FAIR, PLAIN = "dvc exp run -S train.fair_logistic.C=0.1", "dvc exp run -S train.logistic.C=1"


@pytest.mark.parametrize(
    ("command", "training", "added"),
    [
        (FAIR, TRAIN, ""),
        (FAIR, UNREAD, " -S train.read_protected=true"),
        (PLAIN, UNREAD, ""),
        (PLAIN, SEARCHED, " -S train.search.enabled=false"),
    ],
)
def test_a_command_has_the_switches_that_its_point_needs(command: str, training: TrainParams, added: str) -> None:
    assert add_switches(command, training) == command + added


def test_known_scores_are_not_those_of_a_point_where_training_searches() -> None:
    params = read_params(FindAlternativesParams, "find_alternatives", LENDER / "params.yaml")
    contract = load_contract(LENDER / "data/contracts/loanapp.yaml")
    assert any(one.as_trained for one in list_variants(params, TRAIN, contract))
    assert not any(one.as_trained for one in list_variants(params, SEARCHED, contract))

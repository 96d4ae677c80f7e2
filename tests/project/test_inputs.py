"""What people write is complete: the contract in force, every block of params.yaml, the waivers."""

from pathlib import Path

import pytest

from credit.alternatives.params import FindAlternativesParams
from credit.choice.champion import ChooseParams
from credit.common.params import Params, locate_contract, read_params
from credit.contract import load_contract
from credit.data.splitting import SplitParams
from credit.evaluation.gates import QualityGates
from credit.fairness.policies import Fairness
from credit.fairness.waivers import load_waivers
from credit.selection.fold_features import PredictParams, SelectInFoldsParams
from credit.selection.selection import SelectFeaturesParams
from credit.training.agreement import PackageParams
from credit.training.train import TrainParams
from stages.evaluate import EvaluateParams
from stages.stability import StabilityParams
from stages.validate import ValidateParams
from testing.lenders.frozen import ROOT

BLOCKS: dict[str, type[Params]] = {
    "validate": ValidateParams,
    "split": SplitParams,
    "select_features": SelectFeaturesParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
    "predict": PredictParams,
    "select_in_folds": SelectInFoldsParams,
    "stability": StabilityParams,
    "fairness": Fairness,
    "choose": ChooseParams,
    "choose.gates": QualityGates,
    "find_alternatives": FindAlternativesParams,
    "package": PackageParams,
}
"""The model of each block that a stage reads, without `fetch`, whose datasets may be removed."""


def test_the_contract_in_force_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    contract = load_contract(locate_contract())
    assert contract.features


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_params_fits_what_its_stage_reads(block: str) -> None:
    read_params(BLOCKS[block], block, ROOT / "params.yaml")


def test_every_waiver_can_be_read() -> None:
    assert load_waivers(ROOT / "waivers") is not None
    assert not [path for path in Path(ROOT / "waivers").iterdir() if path.is_dir()]

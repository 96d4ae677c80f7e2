"""What people write is complete: the contract in force, every block of params.yaml, the waivers."""

from pathlib import Path

import pytest

from credit.check.blocks import BLOCKS
from credit.check.project import check_project
from credit.common.params import locate_contract, read_params
from credit.fairness.waivers import load_waivers
from testing.lenders.frozen import ROOT


def test_the_contract_in_force_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    contract = check_project(locate_contract(), Path("waivers"))
    assert contract.features


@pytest.mark.parametrize("block", [name for name in BLOCKS if name == "data" or (ROOT / f"stages/{name}.py").exists()])
def test_every_block_of_params_fits_what_its_stage_reads(block: str) -> None:
    read_params(BLOCKS[block], block, ROOT / "params.yaml")


def test_every_waiver_can_be_read() -> None:
    assert load_waivers(ROOT / "waivers") is not None
    assert not [path for path in Path(ROOT / "waivers").iterdir() if path.is_dir()]

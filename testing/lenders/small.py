"""A small lender: a contract, tables and trained candidates, made once for all tests of the bundle."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.bundle.policy_limits import PolicyLimits
from credit.common.candidate_definition import list_definitions
from credit.contract import load_contract
from credit.data.tables import is_favourable, make_frame, open_table
from credit.packaging.build import BundleInputs, build_bundle
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.agreement import PackageParams
from credit.training.skops_files import save_estimator
from credit.training.train import TrainParams, list_candidate_features, train_candidate
from credit.training.training_groups import read_training_groups
from testing.lenders.frozen import LENDER, ROOT

PARAMS: dict[str, Any] = {
    **yaml.safe_load((ROOT / "params.yaml").read_text())["train"],
    **yaml.safe_load((LENDER / "params.yaml").read_text())["train"],
    "candidates": list(list_definitions()),
}
"""The lender's block `train`, in which every candidate runs that the project has: a new one with its own block."""
FEATURES = ["income", "points", "home", "self", "bureau_1", "bureau_2"]
LIMITS = {
    PolicyLimits.NAME: b'{"policy": "small_screen", "adverse_impact_ratio": {"at_least": 0.8, "source": "a test"}}'
}
"""What a bundle has of the fairness policy."""
CONTRACT = """
name: small
row: a person
source: {title: t, licence: l, citation: c}
columns:
  income: {type: number, role: feature, range: [0, 1000], missing: allowed, description: d, reason: Your income}
  points: {type: integer, role: score, threshold: 600, range: [300, 850], missing: allowed, description: d,
           reason: Your credit score, reason_if_missing: You have no credit score}
  home: {type: category, role: feature, allowed: [own, rent, other], missing: allowed, description: d,
         reason: Your home}
  self: {type: boolean, role: feature, description: d, reason: Self-employment}
  race: {type: category, role: protected, allowed: [white, Black], reference: white, missing: allowed, description: d}
  paid: {type: boolean, role: label, favourable: true, description: d}
families:
  bureau: {pattern: 'bureau_\\d+', type: number, role: feature, description: d, reason: What the bureau reports}
"""


SPANISH = """
columns:
  income: {reason: Sus ingresos, reason_if_missing: No conocemos sus ingresos}
  points: {reason: {too_low: Su puntuación es baja, too_high: Su puntuación es alta},
           reason_if_missing: No tiene puntuación}
  home: {reason: Su vivienda, reason_if_missing: No conocemos su vivienda}
  self: {reason: Trabajo por cuenta propia}
families:
  bureau: {reason: Lo que dice la agencia}
"""


def make_people(rows: int, seed: int) -> pd.DataFrame:
    """Make applicants whose repayment depends on their values in a known way."""
    rng = np.random.default_rng(seed)
    income, points = rng.gamma(4, 10, rows).round(3), rng.integers(300, 851, rows)
    home, self_ = rng.choice(["own", "rent", "other"], rows), rng.random(rows) < 0.3
    bureau = rng.normal(size=(2, rows))
    logit = 0.04 * (income - 40) + 0.01 * (points - 560) + 0.8 * (home == "own") - 0.7 * self_ + 0.8 * bureau[0]
    known = pd.array(points, "Int64")
    known[rng.random(rows) < 0.05] = pd.NA
    return pd.DataFrame(
        {
            "income": np.where(rng.random(rows) < 0.05, np.nan, income),
            "points": known,
            "home": pd.Series(home).where(rng.random(rows) > 0.05, None),
            "self": self_,
            "race": pd.Series(rng.choice(["white", "Black"], rows)).where(rng.random(rows) > 0.1, None),
            "paid": rng.random(rows) < 1 / (1 + np.exp(-logit)),
            "bureau_1": bureau[0],
            "bureau_2": bureau[1],
        }
    )


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> BundleInputs:
    """The files from which `build_bundle` makes a bundle, for all candidates."""
    made = locate_inputs(tmp_path_factory.mktemp("lender"))
    made.contract.write_text(CONTRACT)
    made.contract.with_name("reasons").mkdir()
    made.contract.with_name("reasons").joinpath("c.es.yaml").write_text(SPANISH, encoding="utf-8")
    make_people(1500, 0).to_parquet(made.train, index=False)
    make_people(400, 1).to_parquet(made.test, index=False)
    train_all(made, FEATURES)
    return made


def locate_inputs(root: Path) -> BundleInputs:
    """Locate the files of which `build_bundle` makes a bundle."""
    return BundleInputs(
        root / "c.yaml", root / "train.parquet", root / "test.parquet", root / "models", root / "candidates"
    )


def train_all(made: BundleInputs, features: list[str], candidates: Sequence[str] = ()) -> None:
    """Train all candidates, or these, on the table that is there."""
    table = open_table(made.train)
    contract = load_contract(made.contract).bind(table.schema_arrow.names, "train")
    frame = make_frame(table.read())
    params = TrainParams.model_validate(PARAMS | {"random_forest": PARAMS["random_forest"] | {"n_estimators": 20}})
    for name in candidates or params.candidates:
        used = list_candidate_features(name, contract, features, "c.yaml")
        matrix = build_design_matrix(contract, used, frame).to_numpy()
        groups = read_training_groups(name, contract, frame)
        y, directions = is_favourable(contract, frame), list_directions(contract, used)
        trained = train_candidate(name, params, matrix, y, contract.rule, groups=groups, directions=directions)
        save_estimator(trained.estimator, made.models / f"{name}.skops")
        trained.make_report(name, used).write(made.candidates / f"{name}.json")


@pytest.fixture(scope="session")
def bundles(inputs: BundleInputs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The bundle of a champion, made once and not to be changed."""
    root = tmp_path_factory.mktemp("bundles")

    def build(champion: str) -> Path:
        if not (root / champion).exists():
            build_bundle(champion, inputs, PackageParams(max_other_decisions=0), root / champion, LIMITS)
        return root / champion

    return build


@pytest.fixture(scope="session")
def rows(inputs: BundleInputs) -> list[dict[str, Any]]:
    """The test rows as plain dicts."""
    listed: list[dict[str, Any]] = open_table(inputs.test).read().to_pylist()
    return listed

"""A lender whose file has codes for missing values, an id, and a feature that is computed from others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.contract import load_contract
from credit.packaging.build import build_bundle
from credit.training.agreement import PackageParams
from stages.ingest import ingest_table
from testing.lenders.small import locate_inputs, train_all

CONTRACT = """
name: burdened
row: a person
source: {title: t, licence: l, citation: c}
columns:
  number: {type: text, role: id, description: d}
  income: {type: number, role: feature, range: [0, 1000], missing: allowed, missing_codes: [999], description: d,
           reason: Your income}
  debt: {type: number, role: feature, range: [0, null], description: d, reason: Your debt}
  points: {type: integer, role: score, threshold: 600, range: [300, 850], missing: allowed, missing_codes: [0, none],
           description: d, reason: Your credit score, reason_if_missing: You have no credit score}
  home: {type: category, role: feature, allowed: [own, rent, other], missing: allowed, missing_codes: ['?'],
         description: d, reason: Your home}
  self: {type: boolean, role: feature, missing_codes: [9], description: d, reason: Self-employment}
  burden: {type: number, role: feature, sql: debt / income, missing: allowed, description: d,
           reason: Debt for your income, reason_if_missing: We do not know your debt for your income}
  race: {type: category, role: protected, allowed: [white, Black], reference: white, missing: allowed, description: d}
  paid: {type: boolean, role: label, favourable: true, description: d}
"""
MODEL = ["income", "points", "home", "self", "burden"]


def make_people(rows: int, seed: int) -> pd.DataFrame:
    """Make raw rows as a lender's file has them: codes for missing values, 1 and 0 for true and false."""
    rng = np.random.default_rng(seed)
    income, debt, points = (
        rng.gamma(4, 10, rows).round(3),
        rng.gamma(2, 10, rows).round(3),
        rng.integers(300, 851, rows),
    )
    home, alone = rng.choice(["own", "rent", "other"], rows), rng.random(rows) < 0.3
    logit = 0.03 * (income - 40) + 0.01 * (points - 560) + 0.8 * (home == "own") - 0.7 * alone - debt / income
    return pd.DataFrame(
        {
            "race": rng.choice(["white", "Black"], rows),
            "self": alone.astype(int),
            "home": np.where(rng.random(rows) < 0.05, "?", home),
            "points": np.where(rng.random(rows) < 0.05, 0, points),
            "debt": debt,
            "income": np.where(rng.random(rows) < 0.05, 999, income),
            "number": [f"{number:05}" for number in range(rows)],
            "paid": (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int),
        }
    )


@pytest.fixture(scope="session")
def burdened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a forest with a derived feature, from raw files by the stage that reads them."""
    root = tmp_path_factory.mktemp("burdened")
    made = locate_inputs(root)
    made.contract.write_text(CONTRACT)
    for path, rows, seed in ((made.train, 1500, 0), (made.test, 300, 1)):
        make_people(rows, seed).to_csv(root / "raw.csv", index=False)
        ingest_table(load_contract(made.contract), root / "raw.csv", path, "c.yaml")
    train_all(made, MODEL)
    build_bundle("random_forest", made, PackageParams(max_other_decisions=0), root / "bundle", {})
    return root / "bundle"

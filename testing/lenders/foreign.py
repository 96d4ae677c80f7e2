"""A lender whose file writes numbers and dates as its country does, with sources of features, and rare levels."""

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
name: foreign
row: a person
source: {title: t, licence: l, citation: c}
format: {decimal: ",", thousands: ".", date: "%d/%m/%Y"}
columns:
  number: {type: text, role: id, description: d}
  amount: {type: number, role: feature, range: [0, null], format: {unit: €}, missing: allowed, missing_codes: [0],
           description: d, reason: Your amount}
  rate: {type: number, role: feature, format: {decimal: ".", unit: "%"}, description: d, reason: Your rate}
  points: {type: integer, role: score, threshold: 1600, description: d, reason: Your score}
  applied: {type: date, role: time, description: d}
  opened: {type: date, role: source, format: {date: "%b-%Y"}, description: d}
  term: {type: text, role: source, example: 36 months, description: d}
  age: {type: integer, role: feature, sql: "date_diff('month', opened, applied)", description: d, reason: Your account}
  months: {type: integer, role: feature, sql: "CAST(regexp_extract(term, '[0-9]+') AS INTEGER)", description: d,
           reason: Your term}
  years: {type: integer, role: feature, sql: "CAST(regexp_extract(term, '[0-9]+') AS INTEGER) / 12", description: d,
          reason: Your term}
  band: {type: category, role: feature, allowed: [low, middle, high], description: d, reason: Your rate,
         sql: "CASE WHEN rate < 5 THEN 'low' WHEN rate < 15 THEN 'middle' WHEN rate < 99 THEN 'high' ELSE 'none' END"}
  home: {type: category, role: feature, allowed: [own, rent, other], fold: {other: [tent, boat], own: [bought]},
         new_levels: other, description: d, reason: Your home}
  is_owner: {type: boolean, role: feature, sql: "home = 'own'", description: d, reason: Your home}
  school: {type: category, role: protected, allowed: ["1", "2", rest], reference: "1", fold: {rest: ["0", "5"]},
           new_levels: rest, missing: allowed, missing_codes: ["9"], description: d}
  paid: {type: boolean, role: label, favourable: true, description: d}
"""
FEATURES = ["amount", "rate", "points", "age", "months", "years", "band", "home", "is_owner"]


def make_people(rows: int, seed: int) -> pd.DataFrame:
    """Make raw rows as text, as a program of another country writes them."""
    rng = np.random.default_rng(seed)
    amount, points, months = rng.gamma(4, 4000, rows), rng.integers(1000, 2000, rows), rng.choice([36, 60], rows)
    opened = rng.integers(0, 120, rows)
    home = rng.choice(["own", "bought", "rent", "tent", "boat"], rows)
    logit = 0.006 * (points - 1500) + np.isin(home, ["own", "bought"]) - months / 60 + opened / 100
    swap = str.maketrans(",.", ".,")
    return pd.DataFrame(
        {
            "number": [f"{number:05}" for number in range(rows)],
            "amount": [f"{one:,.2f} €".translate(swap) if one > 2000 else "0,00 €" for one in amount],
            "rate": [f" {one:.1f}%" for one in rng.random(rows) * 20],
            "points": [f"{one:,}".translate(swap) for one in points],
            "applied": [f"{day:02}/{1 + day % 12:02}/2020" for day in rng.integers(1, 29, rows)],
            "opened": [(pd.Timestamp("2009-01-01") + pd.DateOffset(months=int(n))).strftime("%b-%Y") for n in opened],
            "term": [f" {one} months" for one in months],
            "home": home,
            "school": rng.choice(["0", "1", "2", "5", "9"], rows),
            "paid": (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int),
        }
    )


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a regression, from raw files by the stage that reads them."""
    root = tmp_path_factory.mktemp("foreign")
    made = locate_inputs(root)
    made.contract.write_text(CONTRACT)
    for path, rows, seed in ((made.train, 600, 0), (made.test, 200, 1)):
        make_people(rows, seed).to_csv(root / "raw.csv", index=False, sep=";")
        ingest_table(load_contract(made.contract), root / "raw.csv", path, "c.yaml")
    train_all(made, FEATURES, ("heuristic", "logistic"))
    build_bundle("logistic", made, PackageParams(max_other_decisions=0), root / "bundle", {})
    return root / "bundle"

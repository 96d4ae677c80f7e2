"""A small table of loans and its contract, for tests that need data of their own."""

import numpy as np
import pandas as pd

CONTRACT = """\
name: mine
row: one loan
source: {title: made for a test, licence: none, citation: none}
columns:
  id: {type: integer, role: id, description: number}
  applied: {type: date, role: time, description: day}
  score: {type: integer, role: score, threshold: 600, missing: allowed, description: score, reason: your score}
  income: {type: number, role: feature, range: [0, null], description: income, reason: your income}
  home: {type: category, role: feature, allowed: [own, rent], missing: allowed, description: home, reason: your home}
  employed: {type: boolean, role: feature, missing: allowed, description: has a job, reason: your job}
  group: {type: category, role: protected, allowed: [a, b], reference: a, missing: allowed, description: group}
  paid: {type: boolean, role: label, favourable: true, description: paid back}
"""


def make_loans(rows: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    score = rng.integers(400, 800, rows)
    frame = pd.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "applied": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) // 5, unit="D"),
            "score": pd.array(score, "Int64"),
            "income": rng.lognormal(8, 0.5, rows).round(2),
            "home": rng.choice(["own", "rent"], rows).astype(object),
            "employed": pd.array(rng.random(rows) < 0.8, "boolean"),
            "group": rng.choice(["a", "b"], rows).astype(object),
            "paid": rng.random(rows) < 1 / (1 + np.exp(-(score - 560) / 60)),
        }
    )
    for name, step in (("score", 20), ("home", 31), ("employed", 17), ("group", 40)):
        frame.loc[::step, name] = None
    frame["applied"] = frame["applied"].dt.date
    return frame

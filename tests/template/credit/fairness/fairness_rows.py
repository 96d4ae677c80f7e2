"""Rows and tables that the fairness tests share."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from credit.common.params import read_params
from credit.fairness.counts import PeopleCounts
from credit.fairness.policies import Fairness, FairnessPolicy, Limit, VerdictRules
from credit.fairness.waivers import Waiver
from testing.lenders.frozen import LENDER

PARAMS = read_params(Fairness, "fairness", LENDER / "params.yaml")
SCREEN = PARAMS.policies["four_fifths_screen"]
TODAY = date(2026, 11, 1)
RATIO = Limit(at_least=0.8, warn_below=0.9, source="a test")
WAIVER = Waiver(
    candidate="forest",
    attribute="race",
    group="Black",
    measure="adverse_impact_ratio",
    who="the model risk committee",
    why="30 people; measured again with the next quarter",
    until=TODAY + timedelta(days=30),
)
GROUPS = {"race": ("white", "Black", "Hispanic", "undisclosed"), "sex": ("male", "female", "undisclosed")}


def policy(gates: str = "attributes", **limits: Limit) -> FairnessPolicy:
    return FairnessPolicy(description="a test", gates=gates, limits=limits or {"adverse_impact_ratio": RATIO})  # type: ignore[arg-type]


def rules(**changes: Any) -> VerdictRules:
    return VerdictRules.model_validate(PARAMS.rules.model_dump() | changes)


def rows(n: int = 2000, seed: int = 0) -> tuple[dict[str, Any], Any, Any, Any]:
    """Codes, labels, scores (some of them NaN) and decisions."""
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(0, len(groups), n) for name, groups in GROUPS.items()}
    labels = rng.random(n) < 0.7
    scores = np.where(rng.random(n) < 0.05, np.nan, rng.beta(2 + labels, 2))
    decisions = np.where(scores >= 0.5, "approve", np.where(np.isnan(scores) | (scores >= 0.4), "refer", "deny"))
    return codes, labels, scores, decisions


def counted(*cells: tuple[int, int]) -> PeopleCounts:
    """One attribute from approved and all people of each group, everybody's outcome favourable."""
    names = tuple(["white", "Black", "Hispanic", "Asian", *(f"group {i}" for i in range(len(cells)))][: len(cells)])
    people = np.zeros((len(cells), 2, 3), dtype=np.int64)
    people[:, 1, 0], people[:, 1, 2] = [k for k, _ in cells], [n - k for k, n in cells]
    n = people.sum(-1)
    scores = np.stack([n, 0.5 * n, 0.26 * n], axis=-1)
    return PeopleCounts({"race": names}, {("race",): people}, {("race",): scores})

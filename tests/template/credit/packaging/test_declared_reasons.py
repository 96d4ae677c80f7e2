"""Reasons by the directions of a contract: a sample makes dents, and nobody is told what they are better in."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.packaging.reason_rules import find_reason_rules
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.model import Model
from credit.scoring.policy import Policy
from credit.scoring.reason_words import word_reasons

ROWS = 500
FEATURES = ["saved", "owed", "age"]
DIRECTIONS = {"saved": "better", "owed": "worse"}
TYPICAL = {"saved": 0.0, "owed": 0.0, "age": 0.0}
HOMES = ("none", "rent", "own")


def make_contract(**directions: str) -> Contract:
    plain: dict[str, Any] = {"type": "number", "role": "feature", "description": "d"}
    columns = {name: Column(**plain, reason=name, more_is=directions.get(name)) for name in FEATURES}  # type: ignore[arg-type]
    return Contract(name="x", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=columns)


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Savings raise the chance a little and debts lower it: effects that a small sample dents. Nothing is age."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=2 * ROWS) for name in FEATURES})
    odds = 0.5 + 0.3 * frame["saved"] - 0.3 * frame["owed"]
    return frame, np.asarray(rng.random(2 * ROWS) < 1 / (1 + np.exp(-odds)))


@pytest.fixture(scope="module")
def forest(people: tuple[pd.DataFrame, NDArray[np.bool_]]) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    frame, y = people
    model = RandomForestClassifier(30, min_samples_leaf=3, random_state=0, n_jobs=1)
    return model.fit(frame[:ROWS].to_numpy(np.float32), y[:ROWS])


def tell(contract: Contract, forest: Any, frame: pd.DataFrame, train: Path) -> list[tuple[dict[str, float], list[str]]]:
    """Each person of the second half who is not approved, with the features that they are told."""

    def score(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = forest.predict_proba(matrix)[:, 1]
        return found

    rules = find_reason_rules(score, contract, TYPICAL, train)
    policy = Policy(approve_from=0.7, refer_from=0.7)
    model = Model(contract, policy, word_reasons(contract, TYPICAL, "c.yaml"), rules, score, "model")
    others = frame[ROWS:].to_dict("records")
    decided = zip(others, model.decide(others), strict=True)
    return [(row, list(one.reasons)) for row, one in decided if one.decision != "approve"]


def count_wrong(told: list[tuple[dict[str, float], list[str]]]) -> int:
    wrong = {"saved": lambda row: row["saved"] > 0, "owed": lambda row: row["owed"] < 0, "age": lambda _: False}
    return sum(any(wrong[name](row) for name in names) for row, names in told)


def test_with_directions_nobody_is_told_a_feature_in_which_they_are_better(
    people: tuple[pd.DataFrame, NDArray[np.bool_]], forest: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without rules by what is better the dents do it; with the model's own measure they can; by the contract never."""
    train = tmp_path / "train.parquet"
    people[0][:ROWS].to_parquet(train, index=False)
    declared = tell(make_contract(**DIRECTIONS), forest, people[0], train)
    wrongly = make_contract(saved="worse", owed="better")
    assert len(declared) > 100
    assert count_wrong(declared) == 0
    assert count_wrong(tell(wrongly, forest, people[0], train)) > 50, "the declaration decides, not the model"
    told = [names for _, names in declared if names]
    assert len(told) > 0.9 * len(declared), "and nearly everybody is told something"
    with capsys.disabled():
        measured = tell(make_contract(), forest, people[0], train)
        print(f"\nwrong directions: {count_wrong(measured)} of {len(measured)} by the model, 0 by the contract")


def test_of_a_category_in_order_the_levels_beyond_the_typical_one_are_better(tmp_path: Path) -> None:
    source = DataSource(title="t", licence="l", citation="c")
    for more_is, better in (("better", ("home=own",)), ("worse", ("home=none",))):
        home = Column(type="category", allowed=HOMES, role="feature", more_is=more_is, description="d", reason="Home")  # type: ignore[arg-type]
        contract = Contract(name="x", row="r", source=source, columns={"home": home})
        frame = pd.DataFrame({"home": [*HOMES] * 40})
        frame.to_parquet(tmp_path / "train.parquet", index=False)
        assert build_design_matrix(contract, ["home"], frame).shape == (120, 3)
        rules = find_reason_rules(lambda m: 0.5 + 0.1 * m[:, 0], contract, {"home": "rent"}, tmp_path / "train.parquet")
        assert (rules.better_above, rules.better_below) == (better, ())


def test_whether_a_missing_value_is_better_is_still_measured(tmp_path: Path) -> None:
    source = DataSource(title="t", licence="l", citation="c")
    income = Column(
        type="number", role="feature", missing="allowed", more_is="better", description="d", reason="Income"
    )
    contract = Contract(name="x", row="r", source=source, columns={"income": income})
    pd.DataFrame({"income": [None, 1.0, 2.0, 3.0] * 20}).to_parquet(tmp_path / "train.parquet", index=False)
    for sign, better in ((1, ("income", "income is missing")), (-1, ("income",))):
        rules = find_reason_rules(
            lambda m, sign=sign: 0.5 + 0.2 * sign * m[:, 1],  # type: ignore[misc]
            contract,
            {"income": 2.0},
            tmp_path / "train.parquet",
        )
        assert (rules.better_above, rules.better_below) == (better, ())

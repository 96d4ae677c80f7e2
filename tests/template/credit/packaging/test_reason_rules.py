"""What the training rows say about reasons: known directions and known twins are found again."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.packaging.reason_rules import SMALLEST_SHARE, find_clusters, find_reason_rules
from credit.scoring.design_matrix import build_design_matrix, list_design_columns
from credit.scoring.reason_baseline import ReasonRules

ROWS = 2000
RNG = np.random.default_rng(0)
NUMBER: dict[str, Any] = {"type": "number", "role": "feature", "missing": "allowed", "description": "d"}
HOMES = ("own", "rent", "other")
CONTRACT = Contract(
    name="x",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        **{name: Column(**NUMBER) for name in ("saved", "owed", "age", "valley", "idle")},
        "home": Column(type="category", role="feature", allowed=HOMES, missing="allowed", description="d"),
        "late": Column(type="boolean", role="feature", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
FEATURES = ["saved", "owed", "age", "valley", "idle", "home", "late"]
TYPICAL = {"saved": 1.0, "owed": 0.0, "age": 0.0, "valley": 0.0, "idle": 0.0, "home": "rent", "late": False}
FRAME = pd.DataFrame(
    {
        **{name: RNG.normal(size=ROWS) for name in ("saved", "owed", "age", "valley", "idle")},
        "home": RNG.choice([*HOMES, None], ROWS),
        "late": RNG.random(ROWS) < 0.1,
    }
)
FRAME.loc[::10, ["saved", "owed"]] = np.nan
COLUMNS = list_design_columns(CONTRACT, FEATURES)
Score = Callable[[np.ndarray], np.ndarray]


def score(matrix: np.ndarray) -> np.ndarray:
    """Savings raise it, with a dent; debts lower it; both ages lower it; a valley raises it on both sides."""
    of = dict(zip(COLUMNS, np.nan_to_num(matrix.astype(np.float64)).T, strict=True))
    saved = of["saved"] - 0.3 * ((of["saved"] > 1) & (of["saved"] < 1.6)) - 0.5 * of["saved is missing"]
    home = 0.5 * of["home=own"] - 0.2 * of["home=other"] + 0.1 * of["home is missing"]
    rest = saved - of["owed"] + 0.2 * of["owed is missing"] - np.abs(of["age"]) + np.abs(of["valley"]) - of["late"]
    return 1 / (1 + np.exp(-(rest + home)))


@pytest.fixture
def train(tmp_path: Path) -> Path:
    FRAME.to_parquet(tmp_path / "train.parquet", index=False)
    return tmp_path / "train.parquet"


def test_the_better_side_of_each_feature_is_found_again(train: Path) -> None:
    """Numbers by the side of the typical value; levels, flags and missing values one by one.

    Just above the typical savings the score has a dent; more is better all the same. No side of age is better, both of
    the valley are. `idle` is not read. The typical person is not late, and less of that there is not.
    """
    rules = find_reason_rules(score, CONTRACT, TYPICAL, train)
    assert rules == ReasonRules(
        better_above=("saved", "owed is missing", "valley", "home=own", "home is missing"),
        better_below=("owed", "valley"),
        smallest_share=SMALLEST_SHARE,
    )


def test_where_nobody_approved_has_a_value_a_known_one_is_compared_with_none(train: Path) -> None:
    def known_is_good(matrix: np.ndarray) -> np.ndarray:
        return 1.0 - matrix[:, COLUMNS.index("saved is missing")].astype(np.float64)

    rules = find_reason_rules(known_is_good, CONTRACT, TYPICAL | {"saved": None}, train)
    assert rules.better_above == ()
    assert rules.better_below == ("saved is missing",)


def test_partitions_give_what_the_whole_gives(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit.packaging.reason_rules.SAMPLE_ROWS", 300)  # every seventh row
    seen: list[Any] = []

    def watching(matrix: np.ndarray) -> np.ndarray:
        seen.append(matrix)
        return score(matrix)

    whole = find_reason_rules(watching, CONTRACT, TYPICAL, train)
    calls, seen[:] = list(seen), []
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 11)
    assert find_reason_rules(watching, CONTRACT, TYPICAL, train) == whole
    for left, right in zip(calls, seen, strict=True):
        np.testing.assert_array_equal(left, right)


def make_numbers(**columns: np.ndarray) -> tuple[Contract, list[str], pd.DataFrame]:
    contract = CONTRACT.model_copy(update={"columns": {name: Column(**NUMBER) for name in columns}})
    frame = pd.DataFrame(columns)
    return contract, list(columns), build_design_matrix(contract, list(columns), frame)


def make_twins(of: np.ndarray, noise: Sequence[float]) -> dict[str, np.ndarray]:
    """Make inexact copies with an error of so many standard deviations."""
    return {f"twin_{i}": of + size * of.std() * RNG.normal(size=len(of)) for i, size in enumerate(noise)}


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("spread", ["normal", "heavy"])
def test_a_feature_and_its_noisy_twins_are_one_cluster(noise: float, spread: str) -> None:
    """Of a heavy tail the twins' ranks say little (a correlation of .5), and the values that a regression reads all."""
    real = RNG.normal(size=ROWS) if spread == "normal" else np.exp(1.5 * RNG.normal(size=ROWS))
    others = {"one": RNG.normal(size=ROWS), "other": RNG.normal(size=ROWS)}
    contract, names, sample = make_numbers(real=real, **others, **make_twins(real, [noise] * 4))
    assert find_clusters(contract, names, sample) == (("real", "twin_0", "twin_1", "twin_2", "twin_3"),)


def test_opposites_say_the_same_and_what_only_goes_along_does_not() -> None:
    real = RNG.normal(size=ROWS)
    beside = real + 0.8 * RNG.normal(size=ROWS)  # a correlation of .78
    contract, names, sample = make_numbers(real=real, opposite=-np.exp(real), beside=beside)
    assert find_clusters(contract, names, sample) == (("real", "opposite"),)


def test_to_be_missing_together_or_to_be_constant_is_to_say_nothing() -> None:
    gone = RNG.random(ROWS) < 0.3
    columns = {name: np.where(gone, np.nan, RNG.normal(size=ROWS)) for name in ("a", "b")}
    contract, names, sample = make_numbers(**columns, c=np.ones(ROWS), d=np.ones(ROWS), e=np.full(ROWS, np.nan))
    assert find_clusters(contract, names, sample) == ()
    assert find_clusters(contract, ["a"], sample[["a", "a is missing"]]) == ()


def test_a_handful_of_rows_with_both_values_does_not_make_two_features_one() -> None:
    both = np.arange(ROWS) < 20
    left, right = both | (np.arange(ROWS) % 2 == 0), both | (np.arange(ROWS) % 2 == 1)
    real = RNG.normal(size=ROWS)
    contract, names, sample = make_numbers(a=np.where(left, real, np.nan), b=np.where(right, real, np.nan))
    assert find_clusters(contract, names, sample) == ()


def test_a_category_and_the_flag_that_is_one_of_its_levels_say_the_same() -> None:
    frame = FRAME.assign(late=FRAME["home"].eq("rent"))
    sample = build_design_matrix(CONTRACT, ["home", "idle", "late"], frame)
    assert find_clusters(CONTRACT, ["home", "idle", "late"], sample) == (("home", "late"),)

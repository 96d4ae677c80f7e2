"""The Great Expectations suite of a contract."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.validation.expectations import ContractSuite

COLUMNS = {
    "id": Column(type="text", role="id", description="d"),
    "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    "income": Column(type="number", role="feature", range=(0, 100), missing="allowed", description="d"),
    "open": Column(type="number", role="feature", missing="allowed", description="d"),
    "units": Column(type="integer", role="feature", range=(1, None), description="d"),
    "grade": Column(type="integer", role="feature", allowed=(1, 2), description="d"),
    "home": Column(type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d"),
    "day": Column(type="date", role="time", description="d"),
}


def contract(columns: dict[str, Column] = COLUMNS) -> Contract:
    return Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=columns)


def rows(**changes: object) -> pa.RecordBatch:
    """Five good rows, and in row 2 (from 0) the changes."""
    frame = pd.DataFrame(
        {
            "id": list("abcde"),
            "paid": [True, False, True, True, False],
            "income": [0.0, 100.0, 50.0, 1.0, 2.0],
            "open": [1e300, -1e300, 0.0, 1.0, 2.0],
            "units": [1, 2, 3, 4, 5],
            "grade": [1, 2, 1, 2, 1],
            "home": ["own", "rent", "own", "rent", "own"],
            "day": [datetime.date(2024, 1, 1)] * 5,
        }
    ).astype(object)
    for name, value in changes.items():
        frame.loc[2, name] = value
    types = {"boolean": pa.bool_(), "number": pa.float64(), "integer": pa.int64(), "date": pa.date32()}
    arrays = {name: pa.array(frame[name].tolist(), types.get(c.type, pa.string())) for name, c in COLUMNS.items()}
    return pa.RecordBatch.from_pydict(arrays)


def test_rows_that_keep_the_contract_pass_at_the_very_limits() -> None:
    assert ContractSuite(contract()).find_breaches(rows()) == {}


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("income", 100.5, "income: found 100.5, allowed 0 to 100"),
        ("income", float("inf"), "income: found inf, allowed 0 to 100"),
        ("open", float("inf"), "open: found inf, allowed finite numbers"),
        ("open", float("-inf"), "open: found -inf, allowed finite numbers"),
        ("units", 0, "units: found 0, allowed 1 or more"),
        ("units", None, "units: found nothing, allowed only rows with a value"),
        ("grade", 3, "grade: found 3, allowed 1, 2"),
        ("home", "boat", "home: found 'boat', allowed own, rent"),
        ("paid", None, "paid: found nothing, allowed only rows with a value"),
        ("day", None, "day: found nothing, allowed only rows with a value"),
    ],
)
def test_a_row_that_breaks_the_contract_is_found_with_the_reason(column: str, value: object, told: str) -> None:
    found = ContractSuite(contract()).find_breaches(rows(**{column: value}))
    assert {row: [str(breach) for breach in breaches] for row, breaches in found.items()} == {2: [told]}


@pytest.mark.parametrize("column", ["income", "open", "home"])
def test_a_missing_value_is_let_in_where_the_contract_says_so(column: str) -> None:
    assert ContractSuite(contract()).find_breaches(rows(**{column: None})) == {}


def test_every_reason_of_a_row_is_told() -> None:
    found = ContractSuite(contract()).find_breaches(rows(income=-1.0, home="boat"))
    assert [breach.column for breach in found[2]] == ["home", "income"]


def test_all_rows_of_a_repeated_id_are_set_aside() -> None:
    found = ContractSuite(contract(), repeated_ids=["a", "e"]).find_breaches(rows())
    assert sorted(found) == [0, 4]
    assert str(found[0][0]) == "id: found 'a', allowed each value in one row only"


def test_thousands_of_columns_alike_are_checked_each_by_its_own_name() -> None:
    alike = Column(type="number", role="feature", range=(-10, 10), description="d")
    values = np.random.default_rng(0).normal(size=(50, 1000))
    values[[3, 7], [250, 999]] = [11, np.inf]
    batch = pa.RecordBatch.from_arrays(list(values.T), names=[f"x{i}" for i in range(1000)])
    columns = {f"x{i}": alike for i in range(1000)}
    found = ContractSuite(contract(columns)).find_breaches(batch)
    assert {row: [str(b) for b in breaches] for row, breaches in found.items()} == {
        3: ["x250: found 11.0, allowed -10 to 10"],
        7: ["x999: found inf, allowed -10 to 10"],
    }


def test_importing_and_checking_send_nothing_and_write_nothing_home(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ContractSuite(contract()).find_breaches(rows())
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined]


def draw_rows(count: int) -> pa.RecordBatch:
    """Draw rows that break every rule now and then, by values around its limits, infinities and missing ones."""
    random = np.random.default_rng(1)
    whole = [-(2**63), -1, 0, 1, 2, 3, 2**53 + 1, 2**63 - 1, None]
    drawn = {
        "id": [f"person {number % 450}" for number in range(count)],
        "paid": random.choice([True, False, None], count, p=[0.5, 0.4, 0.1]),
        "income": random.choice([0.0, -0.0, -1e-9, 100.0, 100.1, np.inf, -np.inf, np.nan, None], count),
        "open": random.choice([1e308, -1e308, np.inf, -np.inf, np.nan, None], count),
        "units": random.choice(np.array(whole, object), count),
        "grade": random.choice(np.array(whole, object), count),
        "home": random.choice(np.array(["own", "rent", "Own", "", None], object), count),
        "day": random.choice(np.array([datetime.date(2024, 1, 1), None], object), count),
    }
    types = {"boolean": pa.bool_(), "number": pa.float64(), "integer": pa.int64(), "date": pa.date32()}
    arrays = {name: pa.array(list(drawn[name]), types.get(c.type, pa.string())) for name, c in COLUMNS.items()}
    return pa.RecordBatch.from_pydict(arrays)


def test_screening_a_large_table_finds_the_very_breaches_of_judging_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    partition, repeated = draw_rows(500), [f"person {number}" for number in range(50)]
    whole = ContractSuite(contract(), repeated).find_breaches(partition)
    assert {breach.column for breaches in whole.values() for breach in breaches} == COLUMNS.keys()
    monkeypatch.setattr("credit.validation.expectations._WORTH_SCREENING", 100)
    suite = ContractSuite(contract(), repeated)
    assert suite.find_breaches(partition) == whole
    assert suite.find_breaches(partition) == whole  # a partition after the first has no rows that check the screening


def test_only_suspected_rows_of_a_large_table_are_judged_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit.validation.expectations._WORTH_SCREENING", 100)
    good = pa.Table.from_batches([rows().slice(0, 1)] * 998 + [rows(income=-1.0).slice(2, 1)] * 2)
    suite, judged = ContractSuite(contract()), []
    judge_rows = ContractSuite._judge_rows
    monkeypatch.setattr(
        ContractSuite, "_judge_rows", lambda own, part, names: judged.append(len(part)) or judge_rows(own, part, names)
    )
    for _ in range(2):
        assert sorted(suite.find_breaches(good.combine_chunks().to_batches()[0])) == [998, 999]
    assert judged == [1000, 2]


def test_a_breach_that_screening_misses_stops_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit.validation.expectations._WORTH_SCREENING", 3)
    monkeypatch.setattr("credit.validation.expectations.find_suspects", lambda values, _: np.zeros(len(values), bool))
    with pytest.raises(RuntimeError, match=r"row 2 of the partition was cleared, and breaks rules of income"):
        ContractSuite(contract()).find_breaches(rows(income=-1.0))


def test_screening_knows_what_number_a_number_is_and_limits_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {
        "id": Column(type="number", role="id", description="d"),
        "units": Column(type="integer", role="feature", range=(0, float("inf")), missing="allowed", description="d"),
        "paid": COLUMNS["paid"],
    }
    partition = pa.RecordBatch.from_pydict(
        {
            "id": pa.array([0.0, -0.0, 1.0, 2.0], pa.float64()),
            "units": pa.array([2**63 - 1, 5, -1, None], pa.int64()),
            "paid": pa.array([True] * 4),
        }
    )
    whole = ContractSuite(contract(columns), [0.0]).find_breaches(partition)
    assert sorted(whole) == [0, 1, 2]
    monkeypatch.setattr("credit.validation.expectations._WORTH_SCREENING", 2)
    assert ContractSuite(contract(columns), [0.0]).find_breaches(partition) == whole

"""The default data is the published study, and the known figures of the textbook come out of it."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from credit.common.errors import CreditError
from credit.contract import load_contract
from scenario.params import LoanappParams
from stages.__main__ import main
from stages.fetch import fetch_loanapp, run
from stages.ingest import ingest_table
from testing.lenders.frozen import LENDER

CONTRACT = LENDER / "data/contracts/loanapp.yaml"


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("raw") / "loanapp"
    fetch_loanapp(path, LoanappParams(version="0.5.0"))
    return path


@pytest.fixture(scope="module")
def rows(raw: Path) -> list[dict[str, str]]:
    with raw.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_study_has_its_published_size(rows: list[dict[str, str]]) -> None:
    assert len(rows) == 1989
    assert len(rows[0]) == 59


def test_the_textbooks_regression_comes_out(rows: list[dict[str, str]]) -> None:
    """Wooldridge, chapter 7, C8: approve = .708 + .201 white, standard error .0198, R squared .0489."""
    approve, white = (np.array([float(row[name]) for row in rows]) for name in ("approve", "white"))
    X = np.column_stack([np.ones(len(white)), white])
    coefficients, (residual,), *_ = np.linalg.lstsq(X, approve)
    error = np.sqrt(residual / (len(white) - 2) * np.linalg.inv(X.T @ X)[1, 1])
    assert coefficients == pytest.approx([0.708, 0.201], abs=5e-4)
    assert error == pytest.approx(0.0198, abs=5e-5)
    assert 1 - residual / ((approve - approve.mean()) ** 2).sum() == pytest.approx(0.0489, abs=5e-5)


@pytest.mark.parametrize(
    ("column", "code", "times"),
    [
        ("gdlin", "666", 2),
        ("lines", "999999.375", 1),
        ("term", "999999.375", 4),
        ("review", "999", 223),
        ("appinc", "666", 21),
    ],
)
def test_the_codes_that_the_contract_names_are_in_the_data(
    rows: list[dict[str, str]], column: str, code: str, times: int
) -> None:
    assert Counter(row[column] for row in rows)[code] == times
    assert float(code) in load_contract(CONTRACT).columns[column].missing_codes


def test_an_income_of_666_thousand_is_a_code_and_not_an_amount(rows: list[dict[str, str]]) -> None:
    """What the contract claims: the same people's monthly incomes are those of other people."""
    monthly = [float(row["atotinc"]) for row in rows if row["appinc"] == "666"]
    assert (min(monthly), max(monthly)) == (1542, 9955)


def test_codes_for_missing_are_missing_after_ingest(raw: Path, tmp_path: Path) -> None:
    import duckdb

    typed = tmp_path / "typed.parquet"
    assert ingest_table(load_contract(CONTRACT), raw, typed, str(CONTRACT)) == 1989
    missing = ", ".join(f"count(*) - count({name})" for name in ("gdlin", "lines", "term", "review", "sex"))
    groups = ", ".join(f"count(*) FILTER (race = '{name}')" for name in ("Black", "Hispanic"))
    query = f"SELECT {missing}, {groups} FROM '{typed}'"
    assert duckdb.connect().execute(query).fetchall() == [(2, 1, 4, 223, 15, 197, 111)]


def test_no_feature_leaks_the_outcome_or_is_made_of_a_protected_column() -> None:
    contract = load_contract(CONTRACT)
    forbidden = {"action", "reject", "typur", "inss", "inson", "review", "white", "black", "hispan", "male"}
    forbidden |= {"sch", "married", "old", "min30"}
    assert not forbidden & contract.features.keys()
    assert set(contract.protected) == {"race", "sex", "schooling", "marital_status", "age"}


def test_every_feature_has_words_for_the_applicant() -> None:
    for name in ("loanapp", "scenario"):
        contract = load_contract(CONTRACT.with_name(f"{name}.yaml"))
        families = {k: v for k, v in contract.families.items() if v.role == "feature"}
        for key, column in (contract.features | families).items():
            assert column.reason, f"{name}: {key}"


def test_another_release_of_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CreditError, match=r"fetch\.loanapp\.version: found 0\.4\.0, expected the installed wooldridge 0\.5\.0"
    ):
        fetch_loanapp(tmp_path / "loanapp", LoanappParams(version="0.4.0"))
    assert not list(tmp_path.iterdir())


def test_a_dataset_that_is_not_bundled_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONTRACT.parents[2])
    paths = (str(tmp_path / "raw"), str(tmp_path / "provenance.json"))
    with pytest.raises(CreditError, match="fetch: found the dataset nope, expected one of loanapp, scenario"):
        main(["fetch", "nope", *paths])
    assert not list(tmp_path.iterdir())


def test_of_two_datasets_one_may_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `make adopt` leaves one; the other one's block is not missed until it is fetched."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("fetch: {scenario: {rows: 10}}")
    run.callback("scenario", Path("raw"), Path("provenance.json"))  # type: ignore[misc]
    assert len(Path("raw").read_text().splitlines()) == 11
    with pytest.raises(CreditError, match="fetch: found the dataset loanapp, expected one of scenario;"):
        main(["fetch", "loanapp", "other", "provenance.json"])
    assert not Path("other").exists()

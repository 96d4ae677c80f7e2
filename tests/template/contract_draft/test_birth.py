"""Dates and years of birth are protected, by name or by how long ago they are, and an age in groups is made of them."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract_draft.draft import draft_contract, survey_file
from credit.contract import load_contract
from stages.ingest import ingest_table
from tests.template.contract_draft.answered_drafts import answer_draft

ROWS = 300


def write(folder: Path, columns: dict[str, Callable[[random.Random], Any]]) -> Path:
    """Write applications of 2021, with a day on which an account was opened, beside the columns."""
    rng = random.Random(0)
    columns = {
        "applied": lambda rng: f"2021-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        "opened": lambda rng: f"{rng.randrange(2015, 2020)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        **columns,
        "amount": lambda rng: rng.randrange(99),
        "repaid": lambda rng: rng.randrange(2),
    }
    lines = [",".join(columns), *(",".join(str(make(rng)) for make in columns.values()) for _ in range(ROWS))]
    (folder / "loans").write_text("\n".join(lines) + "\n")
    return folder / "loans"


def be_born(rng: random.Random) -> str:
    return f"{rng.randrange(1940, 2003)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


@pytest.mark.parametrize("name", ["geb_dat", "dob", "dt_nasc", "birth_date", "d2"])
def test_an_age_is_made_of_a_date_of_birth_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    """`opened` is a source beside it: that both have the day of the application tells nothing."""
    file = write(tmp_path, {name: be_born})
    with survey_file(file) as survey:
        (tmp_path / "x.yaml").write_text(answer_draft(survey, "x", {}))
    contract = load_contract(tmp_path / "x.yaml")
    assert (contract.columns[name].role, contract.columns[f"{name}_group"].role) == ("ignored", "protected")
    assert "opened_months" in contract.features
    assert not any(name in feature for feature in contract.features)
    ingest_table(contract, file, tmp_path / "typed.parquet", "x.yaml")
    age = f"2021 - year({name}) - (strftime(applied, '%m%d') < strftime({name}, '%m%d'))::int"
    query = f"SELECT {name}_group, min({age}), max({age}) FROM '{tmp_path / 'typed.parquet'}' GROUP BY 1 ORDER BY 2"
    assert duckdb.sql(query).fetchall() == [("under 25", 18, 24), ("25 to 61", 25, 61), ("62 and over", 62, 81)]


def test_an_account_is_opened_and_not_born(tmp_path: Path) -> None:
    content = yaml.safe_load(draft_contract(write(tmp_path, {}), "x").text)["columns"]
    assert content["opened"]["role"] == "? source"


def test_a_year_of_birth_is_an_age_at_the_application_and_days_are_cut_in_the_middle(tmp_path: Path) -> None:
    file = write(tmp_path, {"gebjahr": lambda rng: rng.randrange(1940, 2003)})
    sql = yaml.safe_load(draft_contract(file, "x").text)["columns"]["gebjahr_group"]["sql"]
    assert sql.startswith("case when (year(applied) - gebjahr) < 25 then 'under 25'")
    file = write(tmp_path, {"DAYS_BIRTH": lambda rng: -rng.randrange(7000, 26000)})
    groups = yaml.safe_load(draft_contract(file, "x").text)["columns"]["DAYS_BIRTH_group"]["allowed"]
    assert len(groups) == 2
    assert groups[0].startswith("up to -1")


def test_where_there_is_an_age_a_date_of_birth_is_only_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, {"dob": be_born, "age": lambda rng: rng.randrange(18, 80)})
    content = yaml.safe_load(draft_contract(file, "x").text)["columns"]
    assert content["dob"]["because"] == "About age"
    assert "age_group" in content
    assert "dob_group" not in content


@pytest.mark.parametrize("value", ["2021-06-{:02}", "note {} of the court"])
def test_what_only_those_have_who_did_not_repay_is_asked_about_as_a_leak(tmp_path: Path, value: str) -> None:
    rows = [
        f"2021-01-{n % 28 + 1:02},{n * 37 % 97},{value.format(n % 28 + 1) if n % 3 else ''},{int(n % 3 == 0)}"
        for n in range(ROWS)
    ]
    (tmp_path / "loans").write_text("applied,amount,arrested,repaid\n" + "\n".join(rows) + "\n")
    draft = draft_contract(tmp_path / "loans", "x")
    assert [q.columns for q in draft.questions if q.topic == "leak"] == [("arrested",)]
    assert yaml.safe_load(draft.text)["columns"]["arrested"]["role"] == "? ignored"

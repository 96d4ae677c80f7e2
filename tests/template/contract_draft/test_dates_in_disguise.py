"""Dates that are written as numbers, as words, or stand for none: asked about, and never a feature in silence."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract_draft.draft import Draft, draft_contract, survey_file
from credit.contract import load_contract
from stages.ingest import ingest_table
from tests.template.contract_draft.answered_drafts import answer_draft

DAYS = [f"2018-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]


def write(folder: Path, name: str, make: Callable[[int], Any]) -> Path:
    rng = random.Random(0)
    lines = [f"{make(n)},{rng.randrange(90)},{'ab'[n % 2]},{rng.randrange(2)}" for n in range(240)]
    (folder / "loans").write_text("\n".join([f"{name},income,race,repaid", *lines]) + "\n")
    return folder / "loans"


def draft(folder: Path, name: str, make: Callable[[int], Any]) -> Draft:
    return draft_contract(write(folder, name, make), "x")


@pytest.mark.parametrize(
    ("name", "make", "topic", "told"),
    [
        ("since", lambda n: 201_800 + 1 + n % 12, "format", "202012 is 2020-12-01, or 202012 as a plain number"),
        ("since", lambda n: ["Mai-2018", "Okt-2018", "Dez-2018"][n % 3], "left_out", "'a-9' in 240 rows"),
        ("since", lambda n: f"{1 + n % 28}. août 2018", "left_out", "'9. a 9' in 240 rows"),
        ("since", lambda n: f"2018Q{1 + n % 4}", "left_out", "dates that no format reads: '9a9' in 240 rows"),
        ("since", lambda n: f"2018-W{10 + n % 40}", "left_out", "dates that no format reads: '9-a9'"),
        ("issue_date", lambda n: 43_000 + n * 7 % 90, "left_out", "a number, and named like a date"),
        ("value_date", lambda n: 43_000 + n * 7 % 90, "left_out", "a number, and named like a date"),
        ("issued", lambda n: 43_000 + n * 7 % 90, "left_out", "a number, and named like a date"),
    ],
)
def test_a_date_in_another_notation_is_asked_about(
    tmp_path: Path, name: str, make: Callable[[int], Any], topic: str, told: str
) -> None:
    asked = [one for one in draft(tmp_path, name, make).questions if one.columns == (name,) and one.topic == topic]
    assert [told in one.why for one in asked] == [True]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("grade", lambda n: f"Level {10 + n % 12}"),
        ("payment_day", lambda n: 1 + n % 28),
        ("amount", lambda n: 201_800 + n % 100),
        ("days_to_issued", lambda n: 2_000 + n),
        ("amount_issued", lambda n: 2_000 + n * 50),
        ("total_value_issued", lambda n: 2_000 + n * 50),
    ],
)
def test_what_only_looks_like_a_date_is_none(tmp_path: Path, name: str, make: Callable[[int], Any]) -> None:
    made = draft(tmp_path, name, make)
    assert not [one for one in made.questions if name in one.columns and one.topic in ("format", "left_out")]


@pytest.mark.parametrize("code", ["1900-01-01", "9999-12-31", "1970-01-01"])
@pytest.mark.parametrize("pattern", ["{}-{}-{}", "{2}.{1}.{0}", "{}-{}-{} 00:00:00"])
def test_a_day_that_stands_for_none_is_asked_about_and_read_as_missing(tmp_path: Path, code: str, pattern: str) -> None:
    def make(n: int) -> str:
        return pattern.format(*(code if n % 20 == 0 else DAYS[n * 7 % len(DAYS)]).split("-"))

    file = write(tmp_path, "applied", make)
    with survey_file(file) as survey:
        asked = [one for one in survey.draft("x").questions if one.topic == "codes"]
        text = answer_draft(survey, "x", {})
    assert [one.columns for one in asked] == [("applied",)]
    (tmp_path / "x.yaml").write_text(text)
    assert yaml.safe_load(text)["columns"]["applied"]["missing"] == "allowed"
    ingest_table(load_contract(tmp_path / "x.yaml"), file, tmp_path / "typed.parquet", "x.yaml")
    query = f"SELECT count(*) - count(applied), year(min(applied)) FROM '{tmp_path / 'typed.parquet'}'"
    assert duckdb.sql(query).fetchall() == [(12, 2018)]


def test_a_first_day_among_other_days_of_its_time_is_a_day(tmp_path: Path) -> None:
    made = draft(tmp_path, "applied", lambda n: "1970-01-01" if n == 3 else f"19{50 + n % 40}-03-{1 + n % 28:02}")
    assert not [one for one in made.questions if one.topic == "codes"]

"""Columns with numbered names: what their values look like is asked about all of them at once, and never of one."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_draft.dialog.listing import build_answers_text, describe_question, list_for_machines
from contract_draft.draft import Draft, draft_contract
from credit.common.files import read_yaml


def draft(folder: Path, rows: int, stem: str, make: Callable[[random.Random], Any], members: int = 6) -> Draft:
    """Draft a contract from numbered columns beside an age and a label."""
    rng = random.Random(3)
    names = ["age_of_flat", *(f"{stem}{number}" for number in range(1, members + 1)), "repaid"]
    lines = [[rng.randrange(20, 70), *(make(rng) for _ in range(members)), rng.randrange(2)] for _ in range(rows)]
    (folder / "loans").write_text("\n".join(",".join(map(str, line)) for line in [names, *lines]) + "\n")
    return draft_contract(folder / "loans", "x")


def list_asked(made: Draft) -> list[tuple[str, tuple[str, ...], Any]]:
    topics = ("identifier", "codes", "levels", "left_out")
    return [(one.topic, one.columns, one.proposals[0]) for one in made.questions if one.topic in topics]


@pytest.mark.parametrize("rows", [8, 25, 60, 99])
def test_amounts_that_differ_in_every_row_of_a_small_file_are_a_family_without_a_question(
    tmp_path: Path, rows: int
) -> None:
    made = draft(tmp_path, rows, "BILL_AMT", lambda rng: rng.randrange(100_000, 999_999))
    assert list_asked(made) == []
    assert yaml.safe_load(made.text)["families"]["BILL_AMT"]["role"] == "feature"


@pytest.mark.parametrize(
    ("make", "proposed"),
    [(lambda rng: rng.randrange(100_000, 999_999), "feature"), (lambda rng: f"N{rng.randrange(10**6):06}", "ignored")],
)
def test_numbered_columns_that_all_look_like_identifiers_are_one_question_and_none_is_taken_for_the_id(
    tmp_path: Path, make: Callable[[random.Random], Any], proposed: str
) -> None:
    made = draft(tmp_path, 400, "BILL_AMT", make)
    assert list_asked(made) == [("identifier", ("BILL_AMT",), proposed)]
    assert "range" not in made.text.split("families:")[1].split("rule:")[0]
    (question,) = [one for one in made.questions if one.topic == "identifier"]
    assert not any("from 1" in line for line in describe_question(made, question))


def test_amounts_of_which_one_month_has_no_two_alike_are_no_question(tmp_path: Path) -> None:
    rng = random.Random(1)
    rows = [[*(rng.randrange(5_000) for _ in range(5)), 7_000 + 13 * n % 9_001, rng.randrange(2)] for n in range(1_200)]
    names = [*(f"BILL_AMT{number}" for number in range(1, 7)), "repaid"]
    (tmp_path / "loans").write_text("\n".join(",".join(map(str, line)) for line in [names, *rows]) + "\n")
    made = draft_contract(tmp_path / "loans", "x")
    assert list_asked(made) == []
    assert yaml.safe_load(made.text)["families"]["BILL_AMT"]["role"] == "feature"


def test_amounts_of_which_each_is_rare_are_not_taken_for_codes(tmp_path: Path) -> None:
    """In 25 rows every age is rare, and in 8 rows every rank; a code that nobody explained is rare beside others."""
    assert list_asked(draft(tmp_path, 25, "W", lambda rng: rng.randrange(20, 45), 1)) == []
    assert list_asked(draft(tmp_path, 8, "rank", lambda rng: rng.randrange(1, 8), 4)) == []
    stages = iter([5] + [1, 2, 31, 32] * 15)
    coded = draft(tmp_path, 60, "stage", lambda _: next(stages), 1)
    assert list_asked(coded) == [("levels", ("stage1",), {"other": ["5"]})]


def test_of_columns_that_are_asked_about_together_each_has_its_own_counts(tmp_path: Path) -> None:
    lines = [f"{'NA' if n % 10 == 0 else n},{'NA' if n % 4 == 0 else 3 * n},{n % 3 % 2}" for n in range(200)]
    (tmp_path / "loans").write_text("\n".join(["income,debt,repaid", *lines]) + "\n")
    made = draft_contract(tmp_path / "loans", "x")
    (question,) = [one for one in made.questions if one.topic == "codes"]
    assert question.columns == ("income", "debt")
    told = {"income": "180 of 200 are numbers, the rest is 'NA' (20)", "debt": "150 of 200 are numbers"}
    shown = "\n".join(describe_question(made, question))
    (listed,) = [one for one in list_for_machines(made) if one["topic"] == "codes"]
    (tmp_path / "answers.yaml").write_text(build_answers_text(made, "x"))
    written = {line.split(":")[0].strip(): line for line in (tmp_path / "answers.yaml").read_text().splitlines()}
    assert set(read_yaml(tmp_path / "answers.yaml")["codes"]) == set(told)
    for column, words in told.items():
        assert f"{column}: {words}" in shown
        assert words in listed["why"][column]
        assert words in written[column]

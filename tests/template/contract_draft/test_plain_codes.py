"""Whole numbers of a plain feature that may be codes: asked about once, and never changed unread."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract_draft.draft import draft_contract, survey_file
from contract_draft.questions.answers import NO_ANSWERS
from contract_draft.questions.topics import Question
from credit.common.errors import CreditError
from credit.contract import load_contract
from stages.ingest import ingest_table
from tests.template.contract_draft.answered_drafts import answer_draft

ROWS = 600
CODED = [1, 2, 3] * 198 + [0, 4, 5, 6, 5, 4]


def write(folder: Path, columns: dict[str, Callable[[int], Any]]) -> Path:
    """Write a file of ROWS rows, each column by the row's number, beside an amount and a label."""
    rng = random.Random(0)
    columns = {**columns, "amount": lambda n: n * 37 % 911, "repaid": lambda n: rng.randrange(2)}
    lines = [",".join(columns), *(",".join(str(make(n)) for make in columns.values()) for n in range(ROWS))]
    (folder / "loans").write_text("\n".join(lines) + "\n")
    return folder / "loans"


def write_coded(folder: Path) -> Path:
    """Two columns of codes, of some of which nobody knows what they mean, and an amount of few values."""
    return write(
        folder,
        {
            "stage": lambda n: CODED[n * 7 % ROWS],
            "product": lambda n: [1, 2, 31, 32][n % 4] if n % 150 else 5,
            "cards": lambda n: [0, 0, 0, 1, 1, 2][n * 11 % 6] if n % 100 else 3 + n % 7,
        },
    )


def ask(file: Path, **given: dict[str, Any]) -> list[Question]:
    answers = NO_ANSWERS
    for section, answer in given.items():
        answers = answers.add(section, answer)
    return [question for question in draft_contract(file, "x", answers).questions if question.topic == "levels"]


def test_codes_that_no_words_explain_are_one_question_without_a_default_and_amounts_are_none(tmp_path: Path) -> None:
    (question,) = ask(write_coded(tmp_path))
    assert question.columns == ("stage", "product")
    assert question.proposals == ({"other": ["0", "4", "5", "6"]}, {"other": ["5"]})
    assert not question.has_default
    assert "'0' (1 rows), '4' (2 rows)" in question.why


def test_what_is_proposed_is_read_and_every_row_is_counted_that_it_changes(tmp_path: Path) -> None:
    file = write_coded(tmp_path)
    with survey_file(file) as survey:
        given = {"roles": {"product": "protected"}, "levels": {"product": {"5": []}}}
        text = answer_draft(survey, "x", given)
    (tmp_path / "x.yaml").write_text(text)
    contract = load_contract(tmp_path / "x.yaml")
    assert contract.columns["stage"].allowed == ("1", "2", "3", "other")
    ingest_table(contract, file, tmp_path / "typed.parquet", "x.yaml")
    counts = duckdb.sql(f"SELECT stage, count(*) FROM '{tmp_path / 'typed.parquet'}' GROUP BY 1 ORDER BY 1").fetchall()
    assert counts == [("1", 198), ("2", 198), ("3", 198), ("other", 6)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], {"type": "integer", "role": "feature", "missing": "refused"}),
        ("[]", {"type": "integer"}),
        (["0", "1", "2", "3", "4", "5", "6"], {"type": "category", "allowed": ["0", "1", "2", "3", "4", "5", "6"]}),
        (
            {"3": ["0", "4", "5", "6"]},
            {"type": "category", "allowed": ["1", "2", "3"], "fold": {"3": ["0", "4", "5", "6"]}},
        ),
        ("{other: [0, 4, 5, 6]}", {"type": "category", "allowed": ["1", "2", "3", "other"]}),
    ],
)
def test_a_person_says_whether_they_are_amounts_or_which_levels_there_are(
    tmp_path: Path, given: Any, wanted: dict[str, Any]
) -> None:
    answers = NO_ANSWERS.add("levels", {"stage": given})
    column = yaml.safe_load(draft_contract(write_coded(tmp_path), "x", answers).text)["columns"]["stage"]
    assert {key: column[key] for key in wanted} == wanted
    (question,) = ask(tmp_path / "loans", levels={"stage": given})
    assert question.columns == ("product",)


def test_a_rule_is_not_proposed_on_what_may_be_a_code(tmp_path: Path) -> None:
    columns = {"stage": lambda n: CODED[n], "balance": lambda n: n * 31 % 97}
    file = write(tmp_path, columns)
    head, *rows = file.read_text().splitlines()
    told = [line[: line.rindex(",")] + f",{int(line.split(',')[0] == '3')}" for line in rows]
    file.write_text("\n".join([head, *told]) + "\n")
    answers = NO_ANSWERS.add("roles", {"stage": "feature"})
    content = yaml.safe_load(draft_contract(file, "x", answers).text)
    assert content["columns"]["stage"]["type"] == "category"
    assert "stage" not in content["rule"]["sql"]


def test_a_level_that_is_neither_there_nor_other_is_refused(tmp_path: Path) -> None:
    answers = NO_ANSWERS.add("levels", {"stage": {"rest": ["0"]}})
    with pytest.raises(CreditError, match=r"levels\.stage: found 'rest', expected one of .*1.*other"):
        draft_contract(write_coded(tmp_path), "x", answers)

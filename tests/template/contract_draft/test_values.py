"""Values as other people's programs write them: each is read by a format, asked about, or told; none is lost."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract_draft.dialog.listing import word_answer
from contract_draft.draft import Draft, draft_contract, survey_file
from contract_draft.levels import find_alike_levels, propose_levels
from contract_draft.questions.answers import NO_ANSWERS, read_answers
from credit.contract import load_contract
from stages.ingest import ingest_table

ROWS = 400


def draft(folder: Path, write: Callable[[int], str]) -> Draft:
    rows = "".join(f'"{write(n)}",{n * 37 % 91},{n * 7919 % 13 % 2}\n' for n in range(ROWS))
    (folder / "loans").write_text("x,income,default\n" + rows)
    return draft_contract(folder / "loans", "x")


def ingest(folder: Path, made: Draft) -> list[Any]:
    """Ingest the file by the proposals, and return the numbers of the column, or of the one made of it."""
    content = yaml.safe_load(made.text)

    def accept(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: accept(value) for key, value in node.items()}
        said = node.removeprefix("? ") if isinstance(node, str) else node
        return yaml.safe_load(said) if isinstance(said, str) and said != node and said[0] in "[{0123456789tf" else said

    (folder / "x.yaml").write_text(yaml.safe_dump(accept(content), allow_unicode=True, sort_keys=False))
    contract = load_contract(folder / "x.yaml")
    ingest_table(contract, folder / "loans", folder / "typed.parquet", "x.yaml")
    name = "x_months" if "x_months" in contract.columns else "x"
    return [row[0] for row in duckdb.sql(f"SELECT {name} FROM '{folder / 'typed.parquet'}'").fetchall()]


def number(n: int) -> int:
    return 1000 + n * 7919 % 8999


@pytest.mark.parametrize(
    ("write", "value"),
    [
        (
            lambda n: f"{1 + n % 9},{10 + n % 80},{100 + n}.00",
            lambda n: (1 + n % 9) * 10**5 + (10 + n % 80) * 1000 + 100 + n,
        ),
        (lambda n: f"({number(n):,})" if n % 3 else f"{number(n):,}", lambda n: -number(n) if n % 3 else number(n)),
        (lambda n: f"({number(n)})" if n % 3 else f"{number(n)}", lambda n: -number(n) if n % 3 else number(n)),
        (lambda n: f"(${number(n):,}.50)" if n % 3 else "$2.00", lambda n: -number(n) - 0.5 if n % 3 else 2),
        (lambda n: f"{number(n):,}.25-" if n % 3 else "1,234.5", lambda n: -number(n) - 0.25 if n % 3 else 1234.5),
        (lambda n: f"\N{MINUS SIGN}{number(n)}.5" if n % 3 else "7", lambda n: -number(n) - 0.5 if n % 3 else 7),
        (lambda n: f"{number(n):,}.50".replace(",", "'"), lambda n: number(n) + 0.5),
        *(
            (lambda n, blank=blank: f"{number(n):,}.5".translate({44: blank, 46: ","}), lambda n: number(n) + 0.5)
            for blank in ("\N{THIN SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}", "\N{FIGURE SPACE}")
        ),
        (lambda n: f"{n % 40} yrs {n % 12} mon", lambda n: n % 40 * 12 + n % 12),
        (lambda n: f"{n % 40}yrs {n % 12}mon", lambda n: n % 40 * 12 + n % 12),
        (lambda n: f"P{n % 40}Y{n % 12}M", lambda n: n % 40 * 12 + n % 12),
    ],
)
def test_a_proposed_format_or_expression_reads_each_value(
    tmp_path: Path, write: Callable[[int], str], value: Callable[[int], float]
) -> None:
    assert ingest(tmp_path, draft(tmp_path, write)) == [value(n) for n in range(ROWS)]


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (
            lambda n: f"{number(n):,}.5" if n % 10 else f"{1 + n % 9}.{234 + n},5",
            "'9,9.9' in 360 rows, '9.9,9' in 40 rows",
        ),
        (lambda n: f"{number(n)}.50 {'CR' if n % 2 else 'DR'}", "'9.9 CR' in 200 rows, '9.9 DR' in 200 rows"),
    ],
)
def test_numbers_that_no_one_format_reads_are_asked_about_by_their_shape(
    tmp_path: Path, write: Callable[[int], str], told: str
) -> None:
    made = draft(tmp_path, write)
    (question,) = [one for one in made.questions if "x" in one.columns]
    assert told in question.why
    assert not re.search(r"\d,\d{3}\.5", made.text)


@pytest.mark.parametrize(
    ("write", "codes", "told"),
    [
        (
            lambda n: "Exempt" if n % 7 == 0 else str(number(n)),
            ["Exempt"],
            "342 of 400 are numbers, the rest is 'Exempt'",
        ),
        (lambda n: "Exempt" if n % 10 < 6 else str(number(n)), ["Exempt"], "160 of 400 are numbers"),
        (lambda n: "Exempt" if n % 7 == 0 else f"${number(n)}", ["Exempt"], "342 of 400 are numbers"),
        (lambda n: ["Exempt", "waived"][n % 2] if n % 5 == 0 else str(number(n)), ["Exempt", "waived"], "320 of 400"),
        (
            lambda n: "never" if n % 7 == 0 else f"20{10 + n % 9}-0{1 + n % 7}-1{n % 9}",
            ["never"],
            "342 of 400 are dates",
        ),
        *(
            (lambda n, code=code: str(code) if n % 11 == 0 else str(n * 7 % 60), [code], "")
            for code in (-1, -7, -8, -9, -88, 77, 96, 97, 98, 99, 8888, 365243, 9999999)
        ),
        (lambda n: "365243" if n % 5 == 0 else str(-100 - n * 37 % 9000), [365243], ""),
        (lambda n: str([96, 98][n % 2]) if n % 11 == 0 else str(n * 7 % 14), [96, 98], ""),
        (lambda n: str(-7 - n % 3) if n % 11 == 0 else str(50 + n * 7 % 50), [-9, -8, -7], ""),
    ],
)
def test_words_and_spikes_among_numbers_are_asked_about_however_many(
    tmp_path: Path, write: Callable[[int], str], codes: list[Any], told: str
) -> None:
    made = draft(tmp_path, write)
    (question,) = [one for one in made.questions if one.topic == "codes"]
    assert (question.columns, list(question.proposals[0])) == (("x",), codes)
    assert told in question.why


@pytest.mark.parametrize(
    "write",
    [
        lambda n: str(18 + n * 7 % 80),
        lambda n: str(n % 11 - 2),
        lambda n: str(n * 37 % 101),
        lambda n: str(-50 + n * 7 % 101),
        lambda n: ["a", "b", "Exempt"][n % 3],
    ],
)
def test_a_number_that_is_as_common_as_those_near_it_is_no_code(tmp_path: Path, write: Callable[[int], str]) -> None:
    assert "missing_codes" not in yaml.safe_load(draft(tmp_path, write).text)["columns"]["x"]


def spell(text: str) -> str:
    return text.swapcase() if text != text.swapcase() else f"{text} "


LEVELS = ["yes", "no", "on", "true", "1.0", "01", "0x1", "a,b", "a: b", '"x"', "#h", "[x", "{y", "x\\y", "1e3", "*a"]
LEVELS += ["> 5", "two\nlines"]
"""Levels that YAML reads as something else where they are not in quotes."""


def test_levels_are_accepted_as_they_are_printed_whatever_they_are(tmp_path: Path) -> None:
    levels = sorted({*LEVELS, *map(spell, LEVELS)})
    rows = [[levels[n % len(levels)], n * 37 % 91, n * 7919 % 13 % 2] for n in range(20 * len(levels))]
    with (tmp_path / "loans").open("w", newline="") as file:
        csv.writer(file).writerows([["home", "income", "default"], *rows])
    with survey_file(tmp_path / "loans") as survey:
        made = survey.draft("x")
        (question,) = [one for one in made.questions if one.topic == "levels"]
        typed = survey.draft("x", NO_ANSWERS.add("levels", {"home": word_answer(question.proposals[0])}))
        assert yaml.safe_load(typed.text)["columns"]["home"]["allowed"] == levels
        for alike in find_alike_levels(levels):
            printed = propose_levels(replace(made.looks["home"], values=tuple((one, 9) for one in alike)), False)[1]
            fold = re.search(r"`fold: (.*)`", printed)[1]  # type: ignore[index]
            (tmp_path / "answers.yaml").write_text(f"levels:\n  home: {fold}\n")
            for answers in (NO_ANSWERS.add("levels", {"home": fold}), read_answers(tmp_path / "answers.yaml")):
                folded = yaml.safe_load(survey.draft("x", answers).text)["columns"]["home"]["fold"]
                assert {key: sorted([key, *of]) for key, of in folded.items()} == {next(iter(folded)): sorted(alike)}


@pytest.mark.parametrize(
    ("names", "time", "has_default"),
    [
        (["hired", "decision_date", "date_received"], "date_received", True),
        (["account_opened", "created_at"], "created_at", True),
        (["joined", "antragsdatum"], "antragsdatum", True),
        (["closed_date", "applied_on"], "applied_on", True),
        (["d1", "d2"], "d1", False),
        (["submitted", "received"], "submitted", False),
    ],
)
def test_which_of_several_dates_is_that_of_the_application_is_asked(
    tmp_path: Path, names: list[str], time: str, has_default: bool
) -> None:
    rows = "".join(
        f"{','.join(f'20{10 + place + n % 5}-0{1 + n % 9}-{10 + n % 18}' for place in range(len(names)))},"
        f"{n * 37 % 91},{n * 7919 % 13 % 2}\n"
        for n in range(ROWS)
    )
    (tmp_path / "loans").write_text(f"{','.join(names)},income,default\n{rows}")
    (question,) = [one for one in draft_contract(tmp_path / "loans", "x").questions if one.topic == "identifier"]
    assert (question.columns, question.proposals, question.has_default) == ((time,), ("time",), has_default)


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda n: f"2020-01-{10 + n % 18}" + (" 00:00:00" if n % 5 == 0 else ""), "date"),
        (lambda n: f"2020-01-{10 + n % 18} 00:00:00", "timestamp"),
        (lambda n: f"2020-01-{10 + n % 18}" + ("" if n % 9 == 0 else f" {n % 24:02}:30:00"), "timestamp"),
    ],
)
def test_a_date_and_its_midnight_are_the_same_and_no_code_for_missing(
    tmp_path: Path, write: Callable[[int], str], kind: str
) -> None:
    made = draft(tmp_path, write)
    column = yaml.safe_load(made.text)["columns"]["x"]
    assert (column["type"], column.get("missing_codes")) == (kind, None)
    assert None not in ingest(tmp_path, made)

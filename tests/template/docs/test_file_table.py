"""Every row of the table in docs/own-data.md: such a file is made, and becomes what the page says."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from contract_draft.draft import draft_contract
from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.data.splitting import SplitParams
from credit.validation.expectations import ValidateParams
from stages.ingest import ingest_table
from stages.split import split_rows
from stages.validate import validate_table
from testing.lenders.frozen import ROOT

CONTRACT = """\
name: mine
row: one person
source: {title: made for a test, licence: none, citation: none}
columns:
  id: {type: text, role: id, description: x}
  applied: {type: date, role: time, missing: allowed, description: x}
  income: {type: number, role: feature, missing: allowed, missing_codes: [Exempt], description: x, reason: x}
  home: {type: category, role: feature, allowed: [own, rent], description: x, reason: x}
  race: {type: category, role: protected, allowed: [a, b], reference: a, description: x}
  paid: {type: boolean, role: label, favourable: true, description: x}
rule: {sql: income, threshold: 50, approve: at_least, reason: x}
"""
ROWS = 60
NAMES = ["id", "applied", "income", "home", "race", "paid"]


def make_rows() -> list[list[str]]:
    return [
        [
            f"p{n}",
            f"2026-01-{n // 2 + 1:02}",
            str(n * 37 % 97),
            ["own", "rent"][n % 2],
            "ab"[n // 2 % 2],
            str(n % 3 % 2),
        ]
        for n in range(ROWS)
    ]


def write(path: Path, rows: list[list[str]] | None = None, names: list[str] | None = None, by: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [names or NAMES, *(make_rows() if rows is None else rows)]
    path.write_text("\n".join(by.join(fields) for fields in lines) + "\n")
    return path


def change(column: str, value: Callable[[int, str], str]) -> list[list[str]]:
    at, rows = NAMES.index(column), make_rows()
    return [[value(n, field) if i == at else field for i, field in enumerate(row)] for n, row in enumerate(rows)]


def ingest(folder: Path, raw: Path, column: str = "id", **described: object) -> pd.DataFrame:
    """Ingest a file by the contract; `described`: what another one says of a column."""
    content = yaml.load(CONTRACT, yaml.CSafeLoader)
    content["columns"][column] |= described
    (folder / "mine.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    ingest_table(load_contract(folder / "mine.yaml"), raw, folder / "typed.parquet", "mine.yaml")
    return pd.read_parquet(folder / "typed.parquet")


def is_read(folder: Path, raw: Path) -> None:
    typed = ingest(folder, raw).sort_values("id", ignore_index=True)
    plain = ingest(folder, write(folder / "plain")).sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(typed, plain)


def refuse(folder: Path, raw: Path, told: str) -> None:
    """By the draft and by the pipeline."""
    for read in (lambda: ingest(folder, raw), lambda: draft_contract(raw, "x")):
        with pytest.raises(CreditError, match=told):
            read()


def drafted(raw: Path, column: str) -> dict[str, object]:
    made: dict[str, object] = yaml.load(draft_contract(raw, "x").text, yaml.CSafeLoader)["columns"][column]
    return made


def read_other_delimiters(folder: Path) -> None:
    for by in ";\t|":
        is_read(folder, write(folder / "raw", by=by))


def read_odd_names(folder: Path) -> None:
    for name in ("a[1].csv", "a*.csv", "a?.csv"):
        write(folder / "a1.csv", rows=[])
        is_read(folder, write(folder / name))


def refuse_columns_of_folders(folder: Path) -> None:
    write(folder / "raw/year=2026/part.csv")
    refuse(folder, folder / "raw", "year: found a column that the folder's name has .*COPY \\(FROM read_csv")


def read_beside_others(folder: Path) -> None:
    for name in ("raw/part.csv", "raw/.checkpoints/part.csv"):
        write(folder / name)
    (folder / "raw/_SUCCESS").touch()
    is_read(folder, folder / "raw")


def refuse_delta(folder: Path) -> None:
    write(folder / "raw/part.csv")
    (folder / "raw/_delta_log").mkdir()
    refuse(folder, folder / "raw", "found a Delta table")


def refuse_bytes(folder: Path) -> None:
    path = write(folder / "raw")
    path.write_bytes(path.read_bytes().replace(b"own", b"\xf6wn", 1))
    refuse(folder, path, "found bytes that are not UTF-8")


def refuse_other_kinds(folder: Path) -> None:
    for content, kind in ((b"[{}]", "JSON"), (b"PK\x03\x04", "Excel"), (b"\x1f\x8b", "gzip")):
        (folder / "raw").write_bytes(content + b" " * 20)
        refuse(folder, folder / "raw", kind)


def refuse_first_lines(folder: Path) -> None:
    rows = make_rows()
    refuse(folder, write(folder / "raw", rows[1:], names=rows[0]), "line 1: found a row of data")


def refuse_preambles(folder: Path) -> None:
    for first in ("Loans of 2026", "sep=;"):
        path = write(folder / "raw")
        path.write_text(f"{first}\n{path.read_text()}")
        refuse(folder, path, "line 1: found (1 names, and 6 fields|`sep=`)")


def refuse_unnamed(folder: Path) -> None:
    refuse(folder, write(folder / "raw", [["0", *row] for row in make_rows()], ["", *NAMES]), "column 1: found no name")
    refuse(folder, write(folder / "raw", [[*row, ""] for row in make_rows()], [*NAMES, ""]), "column 7: found no name")


def refuse_lines(folder: Path) -> None:
    for wrong in (["p1"], [*make_rows()[3], "more"]):
        rows = make_rows()
        rows[3] = wrong
        refuse(folder, write(folder / "raw", rows), f"line 5 has {len(wrong)} fields, the first line 6")


def ask_about_words(folder: Path) -> None:
    raw = write(folder / "raw", change("income", lambda n, field: "Exempt" if n % 20 == 3 else field))
    assert drafted(raw, "income")["missing_codes"] == '? ["Exempt"]'
    assert ingest(folder, raw)["income"].isna().sum() == 3


def ask_about_programs_words(folder: Path) -> None:
    for word in ("\\N", "XNA", "<NA>", "#DIV/0!"):
        raw = write(folder / "raw", change("income", lambda n, field, word=word: word if n % 20 == 3 else field))
        assert drafted(raw, "income")["missing_codes"] == f"? {json.dumps([word])}"


def read_as(folder: Path, column: str, kind: str, value: Callable[[int, str], str]) -> pd.Series:
    """The values of a column by the format that the draft proposes, which must be no question."""
    raw = write(folder / "raw", change(column, value), by=";")
    made = drafted(raw, column)
    assert made["type"] == kind
    assert isinstance(made["format"], dict)
    return ingest(folder, raw, column, type=made["type"], format=made["format"])[column]


def read_written_numbers(folder: Path) -> None:
    plain = [int(row[2]) for row in make_rows()]
    for kind, value in (
        ("number", lambda n, field: f"${int(field) * 1000:,}.00"),
        ("number", lambda n, field: f"{int(field) / 10:.1f}%"),
        ("integer", lambda n, field: f" {field} months"),
        ("number", lambda n, field: f"{int(field) * 1000 + 0.25:,.2f}".translate(str.maketrans(",.", ".,"))),
    ):
        found = read_as(folder, "income", kind, value)
        assert found.rank().tolist() == pd.Series(plain).rank().tolist()
    assert found.max() == max(plain) * 1000 + 0.25


def read_written_dates(folder: Path) -> None:
    for value in (lambda n, _: f"{31 - n // 2:02}/12/2020", lambda n, _: ["Jan-2018", "Feb-2018"][n % 2]):
        found = read_as(folder, "applied", "date", value)
        assert str(found.min()) in ("2020-12-02", "2018-01-01")


def ask_about_two_readings(folder: Path) -> None:
    thousands = drafted(write(folder / "raw", change("income", lambda n, field: f"{n + 1}.{field:0>3}")), "income")
    assert thousands["format"] == "? {}"
    days = drafted(write(folder / "raw", change("applied", lambda n, _: f"{1 + n % 9:02}/02/2020")), "applied")
    assert days["format"] == '? {"date": "%d/%m/%Y"}'


def refuse_other_notation(folder: Path) -> None:
    raw = write(folder / "raw", change("income", lambda n, field: "1.5" if n == 3 else field))
    with pytest.raises(CreditError, match=r"income: found '1\.5' in row 4, expected number written as 1\.234,5"):
        ingest(folder, raw, "income", format={"decimal": ",", "thousands": "."})


def ask_about_ages(folder: Path) -> None:
    rows = [[*row, f"2019-03-{1 + n % 28:02}"] for n, row in enumerate(make_rows())]
    raw = write(folder / "raw", rows, [*NAMES, "opened"])
    assert drafted(raw, "opened")["role"] == "? source"
    assert drafted(raw, "opened_months")["sql"] == "date_diff('month', opened, applied)"


def read_folded_levels(folder: Path) -> None:
    raw = write(folder / "raw", change("home", lambda n, field: {3: "let", 5: "boat"}.get(n, field)))
    typed = ingest(folder, raw, "home", fold={"rent": ["let"]}, new_levels="rent")
    assert set(typed["home"]) == {"own", "rent"}
    files = [folder / name for name in ("typed.parquet", "accepted.parquet", "aside.parquet")]
    contract = load_contract(folder / "mine.yaml")
    report = validate_table(contract, ValidateParams(max_quarantined=0, min_group=1), *files).build_report()
    assert {one.is_new: (one.into, one.levels) for one in report.folded} == {
        False: ("rent", {"let": 1}),
        True: ("rent", {"boat": 1}),
    }


def ask_about_rare_codes(folder: Path) -> None:
    made = drafted(write(folder / "raw", change("race", lambda n, _: "3" if n == 7 else str(n % 2 + 1))), "race")
    assert (made["allowed"], made["missing_codes"]) == ('? ["1", "2"]', ["3"])


def read_negative_ones(folder: Path) -> None:
    raw = write(folder / "raw", change("paid", lambda n, field: "1" if field == "1" else "-1"))
    assert drafted(raw, "paid")["allowed"] == [-1, 1]


def ask_about_long_numbers(folder: Path) -> None:
    raw = write(folder / "raw", change("id", lambda n, _: str(9_000_000_000_000_000_001 + n)))
    assert (drafted(raw, "id")["type"], drafted(raw, "id")["role"]) == ("text", "? id")
    assert sorted(ingest(folder, raw)["id"])[0] == "9000000000000000001"


def read_numbers_of_r(folder: Path) -> None:
    rows = change("income", lambda n, field: "1e+05" if n == 3 else field)
    assert drafted(write(folder / "raw", rows), "income")["type"] == "integer"
    assert ingest(folder, folder / "raw")["income"].max() == 100_000


def ask_about_groups(folder: Path) -> None:
    names = ["customer_id", *NAMES[1:]]
    rows = [[str(70_000 + n % 55), *row[1:]] for n, row in enumerate(make_rows())]
    assert drafted(write(folder / "raw", rows, names), "customer_id")["role"] == "? group"


def refuse_types(folder: Path) -> None:
    with pytest.raises(CreditError, match="income: found 'much' in row 4, expected number"):
        ingest(folder, write(folder / "raw", change("income", lambda n, field: "much" if n == 3 else field)))


def set_levels_aside(folder: Path) -> None:
    ingest(folder, write(folder / "raw", change("home", lambda n, field: "boat" if n == 3 else field)))
    files = [folder / name for name in ("typed.parquet", "accepted.parquet", "aside.parquet")]
    contract = load_contract(folder / "mine.yaml")
    report = validate_table(contract, ValidateParams(max_quarantined=0.5, min_group=1), *files).build_report()
    assert (report.quarantined, report.reasons[0].column, report.reasons[0].example) == (1, "home", "'boat'")


def refuse_missing_dates(folder: Path) -> None:
    ingest(folder, write(folder / "raw", change("applied", lambda n, field: "" if n % 6 == 3 else field)))
    contract, by_time = load_contract(folder / "mine.yaml"), SplitParams(by="time", test_share=0.3, salt="s")
    with pytest.raises(CreditError, match="10 of 60 accepted rows without applied"):
        split_rows(contract, by_time, folder / "typed.parquet", folder / "train", folder / "test")


def refuse_texts_as_names(folder: Path) -> None:
    refuse_first_lines(folder)
    rows = [[f"N{n}", f"{n} Elm Road", "gb"[n % 2]] for n in range(40)]
    with pytest.raises(CreditError, match="line 1: found a row of data"):
        draft_contract(write(folder / "raw", rows[1:], rows[0]), "x")


def refuse_wide_titles(folder: Path) -> None:
    refuse_preambles(folder)
    path = write(folder / "raw")
    path.write_text(f"Report,of,all,loans,made,in,May\n{path.read_text()}")
    refuse(folder, path, "found 7 names, and 6 fields in the lines below")


def refuse_totals(folder: Path) -> None:
    refuse(folder, write(folder / "raw", [*make_rows(), ["Total", "", "9", "", "", "20"]]), "found totals of the rows")
    path = write(folder / "raw")
    path.write_text(f"{path.read_text()}-- 60 rows\n")
    refuse(folder, path, "line 62 has 1 fields, the first line 6; delete the line if it is a title or a footer")


def refuse_empty_rows(folder: Path) -> None:
    for row, told in (([""] * 6, "found 1 rows without any value"), (NAMES, "found the names of the columns again")):
        with pytest.raises(CreditError, match=told):
            draft_contract(write(folder / "raw", [*make_rows(), row]), "x")


def ask_about_words_in_any_share(folder: Path) -> None:
    ask_about_words(folder)
    rows = change("income", lambda n, field: "Exempt" if n % 3 == 0 else f"{int(field) * 60 + n}")
    assert drafted(write(folder / "raw", rows), "income")["missing_codes"] == '? ["Exempt"]'


def ask_about_spikes(folder: Path) -> None:
    for code in (-9, 1111, 8888, 365243):
        raw = write(folder / "raw", change("income", lambda n, field, code=code: str(code) if n % 9 == 0 else field))
        assert drafted(raw, "income")["missing_codes"] == f"? [{code}]"


def read_other_signs(folder: Path) -> None:
    for kind, value in (
        ("number", lambda n, _: f"{1 + n % 9},{10 + n},{100 + n}.00"),
        ("number", lambda n, _: f"({1 + n % 9},{100 + n}.5)"),
        ("number", lambda n, _: f"{1 + n % 9},{100 + n}.5-"),
        ("number", lambda n, _: f"{1 + n % 9}'{100 + n}.50"),
    ):
        found = read_as(folder, "income", kind, value)
        assert abs(found[0]) in (110_100, 1_100, 1_100.5)
        assert (found[0] < 0) == (value(0, "")[0] == "(" or value(0, "")[-1] == "-")


def read_durations(folder: Path) -> None:
    raw = write(folder / "raw", change("home", lambda n, _: f"{n % 40} yrs {n % 12} mon"))
    sql = drafted(raw, "home_months")["sql"]
    (months,) = duckdb.sql(f"SELECT {sql} FROM (SELECT '3 yrs 1 mon' AS home)").fetchall()
    assert months == (37,)


def ask_about_mixed_marks(folder: Path) -> None:
    rows = change("income", lambda n, _: f"{1 + n % 9},{100 + n}.5" if n % 5 else f"{1 + n % 9}.{100 + n},5")
    made = drafted(write(folder / "raw", rows, by=";"), "income")
    assert (made["role"], "'9,9.9' in 48 rows, '9.9,9' in 12 rows" in made["because"]) == ("? ignored", True)


def ask_about_several_dates(folder: Path) -> None:
    rows = [[f"2019-03-{1 + n % 28:02}", *row] for n, row in enumerate(make_rows())]
    raw = write(folder / "raw", rows, ["opened", *NAMES])
    assert (drafted(raw, "opened")["role"], drafted(raw, "applied")["role"]) == ("? source", "? time")


def ask_about_other_ids(folder: Path) -> None:
    for name, value in (("customer_id", "{}.0"), ("KdNr", "{}"), ("x", "A{}")):
        rows = [[value.format(100_007 + n * 7), *row[1:]] for n, row in enumerate(make_rows())]
        assert drafted(write(folder / "raw", rows, [name, *NAMES[1:]]), name)["role"] == "? id"


def read_texts_beside_codes(folder: Path) -> None:
    raw = write(folder / "raw", change("id", lambda n, field: ["099", "99.0", "99"][n] if n < 3 else field))
    typed = ingest(folder, raw, "id", missing_codes=[99], role="ignored", because="x", missing="allowed")
    assert typed["id"].isna().sum() == 1
    assert {"099", "99.0"} <= set(typed["id"].dropna())


def read_padded_fields(folder: Path) -> None:
    path = write(folder / "raw", by=", ")
    assert drafted(path, "home")["allowed"] == ["own", "rent"]
    is_read(folder, path)
    path.write_text("\n".join([",".join(NAMES), *path.read_text().splitlines()[1:]]) + "\n")
    is_read(folder, path)


def ask_about_births(folder: Path) -> None:
    for name in ("geb_dat", "d2"):
        rows = [[*row, f"19{60 + n % 30}-03-{1 + n % 28:02}"] for n, row in enumerate(make_rows())]
        raw = write(folder / "raw", rows, [*NAMES, name])
        questions = draft_contract(raw, "x").questions
        assert name in [column for q in questions if q.topic == "protected" for column in q.columns]
    assert "date_sub('year', geb_dat, applied)" in str(
        drafted(write(folder / "raw", rows, [*NAMES, "geb_dat"]), "geb_dat_group")["sql"]
    )


def ask_about_presence(folder: Path) -> None:
    for value in ("2026-03-{:02}", "note {}"):
        rows = [[*row, value.format(1 + n % 28) if row[-1] == "1" else ""] for n, row in enumerate(make_rows())]
        raw = write(folder / "raw", rows, [*NAMES, "after"])
        assert [q.columns for q in draft_contract(raw, "x").questions if q.topic == "leak"] == [("after",)]


def ask_about_plain_codes(folder: Path) -> None:
    raw = write(folder / "raw", change("home", lambda n, _: "5" if n == 7 else ["1", "2", "31", "2", "1"][n % 5]))
    (question,) = [q for q in draft_contract(raw, "x").questions if q.topic == "levels"]
    assert (question.columns, question.proposals) == (("home",), ({"other": ["5"]},))


def ask_about_short_numbers(folder: Path) -> None:
    for value in ("{}k", "{}.5M"):
        raw = write(folder / "raw", change("income", lambda n, _, value=value: value.format(100 + n)))
        made = drafted(raw, "income")
        assert (made["role"], "Numbers that no one format reads" in made["because"]) == ("? ignored", True)


def ask_about_months(folder: Path) -> None:
    made = drafted(write(folder / "raw", change("applied", lambda n, _: str(201_801 + n % 12))), "applied")
    assert (made["type"], made["format"]) == ("date", '? {"date": "%Y%m"}')


def ask_about_dates_in_disguise(folder: Path) -> None:
    for name, value in (("since", "Okt-20{}"), ("since", "20{}Q1"), ("issue_date", "431{}")):
        rows = [[*row, value.format(10 + n % 11)] for n, row in enumerate(make_rows())]
        made = drafted(write(folder / "raw", rows, [*NAMES, name]), name)
        assert (made["role"], "makes a date" in made["because"]) == ("? ignored", True)


def ask_about_days_for_none(folder: Path) -> None:
    for day in ("1900-01-01", "9999-12-31"):
        raw = write(folder / "raw", change("applied", lambda n, field, day=day: day if n % 9 == 0 else field))
        assert drafted(raw, "applied")["missing_codes"] == f'? ["{day}"]'


def ask_about_numbered_ids(folder: Path) -> None:
    rows = [
        [*row, *(str(100_003 + 7 * n + 1_009 * month) for month in range(3))]
        for n, row in enumerate([*make_rows(), *make_rows()])
    ]
    raw = write(folder / "raw", rows, [*NAMES, "bal1", "bal2", "bal3"])
    (question,) = [q for q in draft_contract(raw, "x").questions if "bal" in q.columns]
    assert (question.topic, question.proposals) == ("identifier", ("feature",))


def refuse_rounding(folder: Path) -> None:
    content = yaml.safe_load(CONTRACT)
    content["columns"]["half"] = {"type": "integer", "role": "feature", "sql": "income / 2", "missing": "allowed"}
    content["columns"]["half"] |= {"description": "x", "reason": "x"}
    (folder / "mine.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(CreditError, match=r"half: found '18\.5' in row 2 and \d+ more like it, expected integer"):
        ingest_table(load_contract(folder / "mine.yaml"), write(folder / "raw"), folder / "typed.parquet", "mine.yaml")


CASES: dict[str, Callable[[Path], None]] = {
    "`;`, a tab or `|` between fields": read_other_delimiters,
    "`[1]`, `*` or `?` in its name": read_odd_names,
    "`income=60` as the name of its folder": lambda folder: is_read(folder, write(folder / "income=60/raw")),
    "folders such as `year=2026` for a column that the file lacks": refuse_columns_of_folders,
    "`_SUCCESS` or a hidden copy beside it": read_beside_others,
    "`_delta_log` beside it": refuse_delta,
    "bytes that are not UTF-8": refuse_bytes,
    "JSON, Excel, gzip or a zip archive inside": refuse_other_kinds,
    "a first line that is a row, of texts too that no other line has": refuse_texts_as_names,
    "lines above the names, however wide, or `sep=;`": refuse_wide_titles,
    "a row of totals at its end, or a footer such as `-- 60 rows`": refuse_totals,
    "rows without any value, or the names again further down": refuse_empty_rows,
    "a blank between fields": lambda folder: is_read(folder, write(folder / "raw", by=" ")),
    "a comma and a blank between fields, of the names or not": read_padded_fields,
    "several blanks between fields": lambda folder: refuse(
        folder, write(folder / "raw", by="  "), "separated by several blanks"
    ),
    "a column without a name, or a delimiter at each end": refuse_unnamed,
    "two columns of one name": lambda folder: refuse(
        folder, write(folder / "raw", names=[*NAMES[:-1], "HOME"]), "column 6, HOME: found a name used by column 4 too"
    ),
    "a line of too few or too many fields": refuse_lines,
    "blanks before its numbers": lambda folder: is_read(
        folder, write(folder / "raw", change("income", lambda _, field: f"  {field}"))
    ),
    "numbers, and a few words such as `Exempt`, in however many rows": ask_about_words_in_any_share,
    "a spike at -9, 96, 1111, 8888, 365243 or the like": ask_about_spikes,
    "`\\N`, `XNA`, `<NA>` or `#DIV/0!` among its numbers": ask_about_programs_words,
    "`$60,000.00`, `13.5%`, `36 months` or `30.395,38`": read_written_numbers,
    "`12,34,567.00`, `(1,234)`, `1,234-` or `1'234.50`": read_other_signs,
    "`3 yrs 1 mon`": read_durations,
    "`1,234.5` in some rows and `1.234,5` in others": ask_about_mixed_marks,
    "`45k` or `1.2M`": ask_about_short_numbers,
    "`31/12/2020` or `Jan-2018`": read_written_dates,
    "only `19.877` and the like, or `01/02/2020`": ask_about_two_readings,
    "`201801`": ask_about_months,
    "`Okt-2018`, `2018Q1`, or numbers named like a date": ask_about_dates_in_disguise,
    "1900-01-01, 9999-12-31 or the like among its dates": ask_about_days_for_none,
    "a number or a date that is written otherwise than `format` says": refuse_other_notation,
    "several dates": ask_about_several_dates,
    "a date before that of the application": ask_about_ages,
    "a date of birth, by its name or by its distance": ask_about_births,
    "a date or a text that only people of one outcome have": ask_about_presence,
    "-1 and another value only": read_negative_ones,
    "numbers of 19 digits": ask_about_long_numbers,
    "a number that R wrote as `1e+05`": read_numbers_of_r,
    "ids as `1001.0`, `KdNr`, or codes under any name": ask_about_other_ids,
    "a `customer_id` in several rows": ask_about_groups,
    "numbered columns that all look like ids": ask_about_numbered_ids,
    "a value of another type than the contract says": refuse_types,
    "`099` or `99.0` in a column of texts whose code is 99": read_texts_beside_codes,
    "half a month where a derived column is an integer": refuse_rounding,
    "a level that the contract does not know": set_levels_aside,
    "a level that `fold` or `new_levels` is about": read_folded_levels,
    "few people of a protected code without words": ask_about_rare_codes,
    "few rows of a code without words, of any feature": ask_about_plain_codes,
    "no date in some rows, where `split.by` is `time`": refuse_missing_dates,
}


def test_the_table_has_these_rows_and_no_other() -> None:
    text = (ROOT / "docs/own-data.md").read_text()
    table = text[text.index("| a file with |") : text.index("Of role `group`")]
    rows = re.findall(r"^\| (.+) \| (?:read|refused|asked|set aside)\b.* \|$", table, re.MULTILINE)
    assert rows == list(CASES)


def test_the_parts_of_a_contract_on_the_page_are_valid_and_mean_what_is_said(tmp_path: Path) -> None:
    text = (ROOT / "docs/own-data.md").read_text()
    directed, *shown = [
        yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]
    assert len(shown) == 4
    content = yaml.safe_load(CONTRACT)
    content["columns"] |= {name: {"description": "d"} | of for name, of in directed.items()}
    (tmp_path / "directed.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    assert load_contract(tmp_path / "directed.yaml").columns["income"].more_is == "better"
    content = yaml.safe_load(CONTRACT) | {"format": shown[1]["format"]}
    for part in (shown[1]["columns"], shown[2], shown[3]):
        for name, of in part.items():
            content["columns"][name] = {"role": "feature", "missing": "allowed", "description": "d"} | of
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    contract = load_contract(tmp_path / "mine.yaml")
    values = {"applied": "31/12/2020", "income": "30.395,38", "rate": "13.5%", "opened": "Jan-2018", "education": "phd"}
    row = [values.get(name, "1" if name == "paid" else "") for name in contract.raw]
    ingest_table(contract, write(tmp_path / "raw", [row], list(contract.raw), by=";"), tmp_path / "typed", "mine.yaml")
    (typed,) = pd.read_parquet(tmp_path / "typed").to_dict("records")
    assert (typed["income"], typed["rate"], typed["account_months"], typed["education"]) == (
        30395.38,
        13.5,
        35,
        "university",
    )


@pytest.mark.parametrize("row", CASES)
def test_a_file_of_a_row_becomes_what_the_page_says(row: str, tmp_path: Path) -> None:
    CASES[row](tmp_path)

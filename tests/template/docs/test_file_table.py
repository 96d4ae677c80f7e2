"""Every row of the table in docs/own-data.md: such a file is made, and becomes what the page says."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from contract_draft.draft import draft_contract
from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.data.expectations import ValidateParams
from credit.data.splitting import SplitParams
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


def ingest(folder: Path, raw: Path) -> pd.DataFrame:
    (folder / "mine.yaml").write_text(CONTRACT)
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
    made: dict[str, object] = yaml.safe_load(draft_contract(raw, "x")[0])["columns"][column]
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


CASES: dict[str, Callable[[Path], None]] = {
    "`;`, a tab or `|` between fields": read_other_delimiters,
    "`[1]`, `*` or `?` in its name": read_odd_names,
    "`income=60` as the name of its folder": lambda folder: is_read(folder, write(folder / "income=60/raw")),
    "folders such as `year=2026` for a column that the file lacks": refuse_columns_of_folders,
    "`_SUCCESS` or a hidden copy beside it": read_beside_others,
    "`_delta_log` beside it": refuse_delta,
    "bytes that are not UTF-8": refuse_bytes,
    "JSON, Excel, gzip or a zip archive inside": refuse_other_kinds,
    "a first line that is a row": refuse_first_lines,
    "lines above the names, or `sep=;`": refuse_preambles,
    "blanks between fields": lambda folder: refuse(folder, write(folder / "raw", by=" "), "separated by blanks"),
    "a column without a name, or a delimiter at each end": refuse_unnamed,
    "two columns of one name": lambda folder: refuse(
        folder, write(folder / "raw", names=[*NAMES[:-1], "HOME"]), "column 6, HOME: found a name used by column 4 too"
    ),
    "a line of too few or too many fields": refuse_lines,
    "blanks before its numbers": lambda folder: is_read(
        folder, write(folder / "raw", change("income", lambda _, field: f"  {field}"))
    ),
    "numbers, and a few words such as `Exempt`": ask_about_words,
    "-1 and another value only": read_negative_ones,
    "numbers of 19 digits": ask_about_long_numbers,
    "a number that R wrote as `1e+05`": read_numbers_of_r,
    "a `customer_id` in several rows": ask_about_groups,
    "a value of another type than the contract says": refuse_types,
    "a level that the contract does not know": set_levels_aside,
    "no date in some rows, where `split.by` is `time`": refuse_missing_dates,
}


def test_the_table_has_these_rows_and_no_other() -> None:
    text = (ROOT / "docs/own-data.md").read_text()
    table = text[text.index("| a file with |") : text.index("Of role `group`")]
    rows = re.findall(r"^\| (.+) \| (?:read|refused|asked|set aside)\b.* \|$", table, re.MULTILINE)
    assert rows == list(CASES)


@pytest.mark.parametrize("row", CASES)
def test_a_file_of_a_row_becomes_what_the_page_says(row: str, tmp_path: Path) -> None:
    CASES[row](tmp_path)

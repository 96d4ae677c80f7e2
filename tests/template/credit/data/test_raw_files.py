"""A raw file that cannot be read is named, with the line, and nobody's data is in the message."""

import os
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from contract_draft.values.text_table import open_text_table
from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from stages.ingest import ingest_table

CONTRACT = """\
name: mine
row: one person
source: {title: made for a test, licence: none, citation: none}
columns:
  name: {type: text, role: ignored, because: a name, description: x}
  income: {type: number, role: feature, description: x, reason: x}
  paid: {type: boolean, role: label, favourable: true, description: paid back}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    return load_contract(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("Ada,2", "line 3 has 2 fields, the first line 3"),
        ("Ada,2,1,1", "line 3 has 4 fields, the first line 3"),
        ('"Ada\nLovelace",2,1,1', "line 3 has 4 fields, the first line 3"),
        ('"Ada,2,1', "line 3 has a quote that is not closed"),
        ('Ada,2,"1" 1', "line 3 has a quote that is not closed"),
        (f"Ada,2,{'1' * 3_000_000}", "line 3 is longer than 2000000 bytes"),
        ("Ada,2,1\r", "found lines that end in more than one way, expected one line end, as \\n or \\r\\n"),
        ("Ada,2,1\r\r", "found lines that end in more than one way, expected one line end, as \\n or \\r\\n"),
        ("Ad\udce4,2,1", "found bytes that are not UTF-8, expected UTF-8 text"),
    ],
)
def test_a_line_that_is_not_csv_is_named_with_its_file_and_not_repeated(
    contract: Contract, tmp_path: Path, row: str, found: str
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.csv").write_text("name,income,paid\nEve,1,1\nEve,1,0\n")
    (raw / "b.csv").write_bytes(f"name,income,paid\nEve,1,1\n{row}\nEve,3,0\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(CreditError) as caught:
        ingest_table(contract, raw, tmp_path / "typed.parquet", "mine.yaml")
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(f"{raw}/b.csv: {found}; ")
    assert "Ad" not in problem
    assert "Lovelace" not in problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "raw"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('[{"name": "Ada", "income": 1, "paid": true}]', "JSON text"),
        ('{"name": "Ada", "income": 1, "paid": true}\n', "JSON text"),
        ("PK\x03\x04 and more", "a zip archive or an Excel file"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(
    contract: Contract, tmp_path: Path, content: str, found: str
) -> None:
    (tmp_path / "raw").write_text(content)
    with pytest.raises(CreditError) as caught:
        ingest_table(contract, tmp_path / "raw", tmp_path / "typed.parquet", "mine.yaml")
    (problem,) = map(str, caught.value.problems)
    assert problem == f"{tmp_path}/raw: found {found}, expected CSV in UTF-8, or Parquet; unpack or export it first"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_byte_order_marks_and_line_breaks_in_quotes_are_read(
    contract: Contract, tmp_path: Path, end: str, mark: str, last: str
) -> None:
    rows = ["name,income,paid", "Ada,1,1", f'"Eve{end}""Q"", Ltd",2.5,0']
    (tmp_path / "raw").write_bytes((mark + end.join(rows) + (end if last else "")).encode())
    assert read_typed(contract, tmp_path / "raw", tmp_path) == [("Ada", 1.0, True), (f'Eve{end}"Q", Ltd', 2.5, False)]


ODD_NAMES = [
    "part[1]",
    "part1",
    "jan*",
    "january",
    "what?",
    "whatx",
    "{a,b}",
    "~home",
    "income=60",
    "a.gz",
    "it's",
    "%2A",
]


@pytest.mark.parametrize("parquet", [False, True], ids=["csv", "parquet"])
def test_the_name_of_a_file_is_no_pattern_and_no_value(contract: Contract, tmp_path: Path, parquet: bool) -> None:
    """Every row once, with its own values, whether a file is read alone or in its folder."""
    folder = tmp_path / "income=60/jan[1]*"
    expected = []
    for number, odd in enumerate(ODD_NAMES):
        write_rows(folder / odd, [(f"{odd} {row}", float(number), row == 0) for row in range(2)], parquet)
        expected += [(f"{odd} {row}", float(number), row == 0) for row in range(2)]
        assert read_typed(contract, folder / odd, tmp_path) == expected[-2:]
    assert sorted(read_typed(contract, folder, tmp_path)) == sorted(expected)
    with open_text_table(folder) as table:
        assert sorted(table.connection.sql("select c0 from raw").fetchall()) == sorted(
            (name,) for name, _, _ in expected
        )


def test_a_name_that_can_only_be_read_as_a_pattern_is_refused(contract: Contract, tmp_path: Path) -> None:
    write_rows(tmp_path / "a\\b*", [("Ada", 1.0, True)], parquet=False)
    with pytest.raises(CreditError, match=r"a name with a backslash beside \*, \? or \["):
        read_typed(contract, tmp_path / "a\\b*", tmp_path)
    write_rows(tmp_path / "a\\b", [("Ada", 1.0, True)], parquet=False)
    assert read_typed(contract, tmp_path / "a\\b", tmp_path) == [("Ada", 1.0, True)]


@pytest.mark.parametrize("parquet", [False, True], ids=["csv", "parquet"])
def test_a_name_that_is_not_utf_8_is_refused(contract: Contract, tmp_path: Path, parquet: bool) -> None:
    file = tmp_path / os.fsdecode(b"raw/2026-\xe4.x")
    write_rows(file, [("Ada", 1.0, True)], parquet)
    for raw in (file, file.parent):
        with pytest.raises(CreditError, match=r"2026-\\udce4\.x': found a name that is not UTF-8, .*; rename it$"):
            read_typed(contract, raw, tmp_path)


def test_a_column_that_only_the_names_of_folders_have_is_told_how_to_add(contract: Contract, tmp_path: Path) -> None:
    for year in (2025, 2026):
        write_rows(tmp_path / f"raw/income={year}/year={year}/part", [(f"{year}", 1.0, year == 2025)], parquet=True)
    with pytest.raises(CreditError) as caught:
        read_typed(contract, tmp_path / "raw", tmp_path)
    (told,) = map(str, caught.value.problems)
    assert "year: found a column that the folder's name has and the file has not" in told
    statement = re.search(r'"(COPY .*)"', told)
    assert statement
    duckdb.sql(statement[1])
    assert duckdb.sql(f"SELECT name, year FROM '{tmp_path}/raw.parquet' ORDER BY 1").fetchall() == [
        ("2025", 2025),
        ("2026", 2026),
    ]


def test_files_beside_the_data_are_not_read(contract: Contract, tmp_path: Path) -> None:
    """A copy that an editor keeps in a hidden folder would count twice."""
    for name in ("a.csv", ".ipynb_checkpoints/a.csv", "_backup/a.csv", "._a.csv"):
        write_rows(tmp_path / "raw" / name, [("Ada", 1.0, True)], parquet=False)
    (tmp_path / "raw/_SUCCESS").touch()
    assert read_typed(contract, tmp_path / "raw", tmp_path) == [("Ada", 1.0, True)]
    (tmp_path / "raw/_delta_log").mkdir()
    with pytest.raises(CreditError, match="found a Delta table, expected plain CSV or Parquet files"):
        read_typed(contract, tmp_path / "raw", tmp_path)


def test_a_column_may_be_called_as_the_number_of_rows_is_here(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(CONTRACT.replace("name: {type: text", "_ROW: {type: text"))
    (tmp_path / "raw").write_text("_ROW,income,paid\nAda,1,1\nEve,much,0\n")
    with pytest.raises(CreditError, match=r"income: found 'much' in row 2, expected number"):
        ingest_table(load_contract(tmp_path / "mine.yaml"), tmp_path / "raw", tmp_path / "typed.parquet", "mine.yaml")


def write_rows(file: Path, rows: list[tuple[str, float, bool]], parquet: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows, columns=["name", "income", "paid"])
    content = frame.to_parquet(index=False) if parquet else frame.to_csv(index=False).encode()
    file.write_bytes(content)


def read_typed(contract: Contract, raw: Path, folder: Path) -> list[tuple[str, float, bool]]:
    typed = folder / "typed.parquet"
    ingest_table(contract, raw, typed, "mine.yaml")
    return duckdb.sql(f"SELECT * FROM read_parquet('{typed}')").fetchall()

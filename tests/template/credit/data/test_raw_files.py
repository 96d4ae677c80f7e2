"""A raw file that cannot be read is named, with the line, and nobody's data is in the message."""

from pathlib import Path

import duckdb
import pytest

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
    assert ingest_table(contract, tmp_path / "raw", tmp_path / "typed.parquet", "mine.yaml") == 2
    table = duckdb.sql(f"SELECT * FROM read_parquet('{tmp_path / 'typed.parquet'}')").fetchall()
    assert table == [("Ada", 1.0, True), (f'Eve{end}"Q", Ltd', 2.5, False)]

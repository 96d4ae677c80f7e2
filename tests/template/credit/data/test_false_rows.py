"""Rows that are nobody's are refused, wherever a file is read for people; a person's row is never taken for one."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from contract_draft.draft import draft_contract
from credit.common.errors import CreditError
from credit.data.false_rows import find_false_rows
from credit.data.raw_files import open_raw_table

NAMES = "id,income,home,paid"
ROWS = [f"p{n},{n * 37 % 97},{['own', 'rent'][n % 2]},{n % 3 % 2}" for n in range(60)]
INCOME = sum(n * 37 % 97 for n in range(60))
TOTALS = "the last row: found totals of the rows above it, expected a row like those; delete the row"


def write(folder: Path, *more: str, rows: list[str] = ROWS) -> Path:
    (folder / "raw").write_text("\n".join([NAMES, *rows, *more]) + "\n")
    return folder / "raw"


def find(path: Path) -> list[str]:
    with duckdb.connect() as connection:
        return [str(problem) for problem in find_false_rows(open_raw_table(path, (), connection), connection)]


@pytest.mark.parametrize(
    "last",
    [
        f"Total,{INCOME},,20",
        f"TOTAL:,{INCOME + 3},,20",  # rounded
        f",{INCOME},,20",
        f"x,{INCOME},Sum,20",
        f"Gesamt,{INCOME},,",
        "Average,47.1,,0.3",
        "Total of 60 loans,,,",
        f"p60,{INCOME},,20",
    ],
)
def test_a_row_of_totals_at_the_end_is_refused(tmp_path: Path, last: str) -> None:
    (told,) = find(write(tmp_path, last))
    assert TOTALS in told
    with pytest.raises(CreditError, match="found totals of the rows above it"):
        draft_contract(tmp_path / "raw", "x")


@pytest.mark.parametrize(
    "last",
    [
        "p60,12,own,1",
        "p60,12,,1",  # a gap
        "p60,99999,,1",  # a large number
        f"p60,{INCOME},own,1",  # by chance, in one column of two
        "p60,12,total,1",  # a level, though the only one
        ",,own,",
    ],
)
def test_the_last_person_is_no_row_of_totals(tmp_path: Path, last: str) -> None:
    assert find(write(tmp_path, last)) == []


def test_a_level_called_total_is_one_where_it_stands_elsewhere_too(tmp_path: Path) -> None:
    assert find(write(tmp_path, "p60,12,total,1", "p61,,total,1")) == []


def test_each_file_of_a_folder_may_have_totals_and_a_parquet_file_too(tmp_path: Path) -> None:
    whole = pd.DataFrame({"name": ["a", "b", "c", "d", "e", "Total"], "income": [1.0, 2, 3, 4, 5, 15]})
    whole["paid"] = [True, False, True, False, True, None]
    (tmp_path / "raw").mkdir()
    whole.to_parquet(tmp_path / "raw/a")
    whole.head(5).to_parquet(tmp_path / "raw/b")
    (told,) = find(tmp_path / "raw")
    assert "raw/a: the last row" in told


def test_rows_without_a_value_and_names_that_come_again_are_counted(tmp_path: Path) -> None:
    found = find(write(tmp_path, ",,,", ",,,", NAMES, *ROWS[:3], rows=ROWS * 4))
    assert "found 2 rows without any value" in found[0]
    assert "found 1 rows that repeat the names of the columns" in found[1]


def test_empty_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    assert find(write(tmp_path, "", "", "")) == []
    assert "60 rows" in draft_contract(tmp_path / "raw", "x").text


@pytest.mark.parametrize("footer", ["Sum", "-- 60 rows", "(60 rows affected)"])
def test_a_footer_is_refused_with_its_line(tmp_path: Path, footer: str) -> None:
    told = "line 62 has 1 fields, the first line 4; delete the line if it is a title or a footer"
    with pytest.raises(CreditError, match=told):
        draft_contract(write(tmp_path, footer), "x")


def test_a_long_file_is_read_through_only_where_its_end_looks_like_totals(tmp_path: Path) -> None:
    class Refuse:
        def execute(self, query: str) -> None:
            raise AssertionError(query)

    from credit.data.false_rows import find_totals

    path = write(tmp_path, "p60,12,,1")
    with duckdb.connect() as connection:
        assert find_totals(open_raw_table(path, (), connection), Refuse()) == []  # type: ignore[arg-type]

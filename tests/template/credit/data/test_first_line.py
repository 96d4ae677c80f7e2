"""The first line of a file has the names of its columns; a title, or somebody's row, is refused and never repeated."""

from pathlib import Path

import duckdb
import pytest

from credit.common.errors import CreditError
from credit.data import headers
from credit.data.headers import read_header

ROWS = [f"{n},{n * 37 % 97},{['own', 'rent'][n % 2]},{n % 3 % 2}" for n in range(40)]
PEOPLE = [f"N{n},{n} Elm Road,T{n},{['good', 'bad'][n % 2]}" for n in range(40)]
WIDER = "found 6 names, and 4 fields in the lines below, expected a name for each column; delete lines above the names"


def read(path: Path, *lines: str) -> tuple[tuple[str, ...], str | None]:
    path.write_text("\n".join(lines) + "\n")
    with duckdb.connect() as connection:
        return read_header(path, (), connection)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (["Report, May, 2026, Lisbon, draft, v2"], WIDER),
        (["Report; May; 2026; Lisbon; draft; v2"], "found 1 names, and 4 fields in the lines below"),
        (["|1x3 Lisbon"], "found 1 names, and 4 fields in the lines below"),
        (["Report, May 2026, all branches, Lisbon"], "found a title, with the names below it"),
        (["Secret,,,"], "found a title, with the names below it"),
    ],
)
def test_a_title_above_the_names_is_refused_however_wide_it_is(tmp_path: Path, first: list[str], told: str) -> None:
    with pytest.raises(CreditError) as caught:
        read(tmp_path / "raw", *first, "id,income,home,paid", *ROWS)
    assert told in str(caught.value)
    assert "Lisbon" not in str(caught.value)
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize(
    "rows",
    [
        PEOPLE,
        [row.rpartition(",")[0] for row in PEOPLE],
        [f"Name{chr(65 + n % 26)}{'x' * n},Town{'y' * n}" for n in range(40)],
    ],
)
def test_a_first_line_that_is_like_all_others_in_every_column_is_a_row(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(CreditError, match="line 1: found a row of data, expected the names of the columns") as caught:
        read(tmp_path / "raw", *rows)
    assert "Elm" not in str(caught.value)


@pytest.mark.parametrize(
    "lines",
    [
        ["id,income,home,paid", *ROWS],
        ["name,street,town,risk", *PEOPLE],
        [
            "home,job,risk",
            *(f"{['own', 'rent'][n % 2]},{['clerk', 'cook'][n % 3 % 2]},{'gb'[n % 2]}" for n in range(40)),
        ],
        ["name,income", "p0,NA", *(f"p{n},{n}" for n in range(1, 40))],  # no number in the first row
        ["town,2024,2025", *(f"{['Faro', 'Porto'][n % 2]},{n},{n * 3}" for n in range(40))],
        ["name,note", "Ann,x"],
        ["name,empty", *(f"p{n}," for n in range(40))],
    ],
)
def test_names_are_names(tmp_path: Path, lines: list[str]) -> None:
    assert read(tmp_path / "raw", *lines) == (tuple(lines[0].split(",")), ",")


def test_names_that_come_again_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="line 12: found the names of the columns again, expected a row; delete the"):
        read(tmp_path / "raw", "id,income,home,paid", *ROWS[:10], "id,income,home,paid", *ROWS[10:])


def test_the_first_lines_are_read_once_whatever_the_delimiter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, read_text = [], headers._read_first_text
    monkeypatch.setattr(headers, "_read_first_text", lambda file: reads.append(file) or read_text(file))
    assert read(tmp_path / "raw", "a b c", *(f"{n} x {n}" for n in range(9))) == (("a", "b", "c"), " ")
    assert reads == [tmp_path / "raw"]


def test_a_record_that_goes_on_beyond_the_first_lines_does_not_count(tmp_path: Path) -> None:
    long = '"' + "\n".join("line" for _ in range(300)) + '",1'
    assert read(tmp_path / "raw", "note,paid", "a,1", "b,0", long) == (("note", "paid"), ",")

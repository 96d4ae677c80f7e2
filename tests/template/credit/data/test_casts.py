"""Ingest types every value exactly, or says which one it cannot: nothing is rounded, cut off or guessed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.data.raw_binding import find_raw_problems
from stages.ingest import ingest_table

CONTRACT = """\
name: mine
row: one loan
source: {{title: made for a test, licence: none, citation: none}}
columns:
  paid: {{type: boolean, role: label, favourable: true, description: paid back}}
  other: {{type: integer, role: feature, missing: allowed, description: x, reason: x}}
  value: {{{column}, role: ignored, because: tested here, missing: allowed, description: x}}
"""

Typed = Callable[..., list[Any]]
BOUNDED = [2**53 + 1, 2**63 - 1, -5, 3]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """The typed column `value` of a CSV text, or of the Parquet tables of a folder, or of some rows without it."""

    def call(column: str, *parts: str | pa.Array | int) -> list[Any]:
        (tmp_path / "mine.yaml").write_text(CONTRACT.format(column=column))
        raw = tmp_path / "raw"
        raw.mkdir()
        for number, part in enumerate(parts):
            if isinstance(part, int):  # so many rows, of which the column is derived
                (raw / str(number)).write_text("paid,other\n" + "True,1\n" * part)
            elif isinstance(part, str):
                lines = "".join(f"True,1,{value}\n" for value in part.split("|"))
                (raw / str(number)).write_text(f"paid,other,value\n{lines}")
            else:
                pq.write_table(
                    pa.table({"paid": [True] * len(part), "other": [1] * len(part), "value": part}), raw / str(number)
                )
        ingest_table(load_contract(tmp_path / "mine.yaml"), raw, tmp_path / "typed.parquet", "mine.yaml")
        query = f"SELECT value FROM read_parquet('{tmp_path / 'typed.parquet'}')"
        return [row[0] for row in duckdb.sql(query).fetchall()]

    return call


def stamp(*texts: str, zone: str | None = None) -> pa.Array:
    return pa.array([pd.Timestamp(text, tz=zone) for text in texts], pa.timestamp("us", zone))


@pytest.mark.parametrize(
    ("column", "content", "expected"),
    [
        ("type: boolean", "True|false|1|0|1.0|0.0|", [True, False, True, False, True, False, None]),
        ("type: boolean", pa.array([1.0, 0.0, float("nan"), None]), [True, False, None, None]),
        ("type: boolean", pa.array([1, 0, None], pa.int8()), [True, False, None]),
        ("type: boolean", pa.array(["t", "False", "1.0", None]), [True, False, True, None]),
        ("type: integer", "3|3.0|1e3|-2|+4|", [3, 3, 1000, -2, 4, None]),
        ("type: integer", "9007199254740993|-9223372036854775808", [2**53 + 1, -(2**63)]),
        ("type: integer", "9007199254740993.0|0012| 5", [2**53 + 1, 12, 5]),
        ("type: integer", pa.array([2**53 + 1, None]), [2**53 + 1, None]),
        ("type: integer", pa.array([2**53 + 1, None], pa.decimal128(20, 2)), [2**53 + 1, None]),
        ("type: integer, range: [0, 9223372036854775807]", "9007199254740993|9223372036854775807|-5|3.0", BOUNDED),
        ("type: integer, range: [0, 10]", "9007199254740993", [2**53 + 1]),  # and validate sets it aside
        ("type: integer", pa.array([3.0, float("nan")]), [3, None]),
        ("type: number", "1.5|nan||1e-3|inf", [1.5, None, None, 0.001, float("inf")]),
        ("type: number", pa.array(["1.5", None]), [1.5, None]),
        ("type: number", pa.array([1.5, float("nan"), float("inf")]), [1.5, None, float("inf")]),
        ('type: category, allowed: ["1", "2"]', "1|2.0|3.0|1.5|", ["1", "2", "3.0", "1.5", None]),
        ('type: category, allowed: ["1", "1.0"]', "1|1.0", ["1", "1.0"]),
        ('type: category, allowed: ["1"]', pa.array([1.0, 1.5, float("nan")]), ["1", "1.5", None]),
        ('type: category, allowed: ["1"]', pa.array([1, None], pa.int32()), ["1", None]),
        ("type: category, allowed: [a]", pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        ("type: text", '"a ""b"", c"|007|', ['a "b", c', "007", None]),
        ("type: date", "2024-02-29|2024-03-01 00:00:00|", ["2024-02-29", "2024-03-01", None]),
        ("type: date", stamp("2024-02-29"), ["2024-02-29"]),
        (
            "type: timestamp",
            "2024-01-01 13:00|2024-01-01T00:00:00-05:00",
            ["2024-01-01 13:00:00", "2024-01-01 05:00:00"],
        ),
        ("type: timestamp", stamp("2024-01-01", zone="America/New_York"), ["2024-01-01 05:00:00"]),
        ("type: timestamp", stamp("2024-01-01 13:00"), ["2024-01-01 13:00:00"]),
        *(
            (f"type: {kind}, format: {written}", content, expected)
            for kind, written, content, expected in [
                (
                    *("number", "{unit: $, thousands: ','}"),
                    '"$60,000.00"|-$5|"$ 1,234"|nan|',
                    [6e4, -5, 1234, None, None],
                ),
                ("integer", "{unit: $, thousands: ','}", '"$60,000.00"', [60_000]),
                ("number", "{unit: '%'}", "13.5%|-2 %|0%", [13.5, -2, 0]),
                (
                    *("number", "{decimal: ',', thousands: .}"),
                    '"30.395,38"|19.877|"1,5"|1e3',
                    [30395.38, 19877, 1.5, 1e3],
                ),
                ("number", "{thousands: ' '}", "1 234|1\u00a0234.5|1\u202f000 000", [1234, 1234.5, 1e6]),
                (
                    "number",
                    "{thousands: ' '}, missing_codes: [9000]",
                    "9 000|90 00.0".replace("90 00.0", "9000"),
                    [None, None],
                ),
                ("number", "{thousands: ., decimal: ','}, missing_codes: [1]", "1.000|1", [1000, None]),
                ("integer", "{unit: months}", " 36 months|60 months ", [36, 60]),
                ("number", "{unit: '%'}", pa.array([0.5, None]), [0.5, None]),  # a number has no format
                ("date", "{date: '%d/%m/%Y'}", "31/12/2020|1/2/2020|", ["2020-12-31", "2020-02-01", None]),
                ("date", "{date: '%b-%Y'}", "Jan-2018|FEB-2018", ["2018-01-01", "2018-02-01"]),
                ("date", "{date: '%Y%m%d'}", pa.array([20180131, None]), ["2018-01-31", None]),
                ("date", "{date: '%d/%m/%Y'}", stamp("2024-02-29"), ["2024-02-29"]),
                ("timestamp", "{date: '%d.%m.%Y %H:%M'}", "31.12.2020 13:05", ["2020-12-31 13:05:00"]),
            ]
        ),
    ],
)
def test_a_value_is_typed_exactly(typed: Typed, column: str, content: str | pa.Array, expected: list[Any]) -> None:
    found = typed(column, content)
    dates = column.startswith(("type: date", "type: timestamp"))
    assert [str(value) if dates and value is not None else value for value in found] == expected


@pytest.mark.parametrize(
    ("column", "content", "found"),
    [
        ("type: boolean", "1|2", "'2' in row 2, expected boolean"),
        ("type: boolean", pa.array([1.0, 0.5, 0.5]), "'0.5' in row 2 and 1 more like it, expected boolean"),
        ("type: integer", "1|3.7", "'3.7' in row 2, expected integer"),
        ("type: integer", "1|inf", "'inf' in row 2, expected integer"),
        ("type: integer", "1|9223372036854775808", "'9223372036854775808' in row 2, expected integer"),
        ("type: integer", "1|1.00000000000000000001", "'1.00000000000000000001' in row 2, expected integer"),
        ("type: integer, range: [0, 9]", "4503599627370497.4", "'4503599627370497.4' in row 1, expected integer"),
        ("type: integer, range: [0, 9]", "1|3.7", "'3.7' in row 2, expected integer"),
        ("type: integer", pa.array([1.0, 3.7]), "'3.7' in row 2, expected integer"),
        ("type: integer", pa.array([1.0, 2.0**24], pa.float32()), "'16777216.0' in row 2, expected integer"),
        ("type: number", "1|1,5".replace(",", "x"), "'1x5' in row 2, expected number"),
        ("type: number", pa.array([[1.0], [2.0]]), "'[1.0]' in row 1 and 1 more like it, expected number"),
        ("type: date", "2024-01-01 13:00:00", "'2024-01-01 13:00:00' in row 1, expected date"),
        ("type: date", "01.02.2024", "'01.02.2024' in row 1, expected date"),
        ("type: date", stamp("2024-01-01 13:00"), "'2024-01-01 13:00:00' in row 1, expected date"),
        ("type: timestamp", "2024-01-01|soon", "'soon' in row 2, expected timestamp"),
        *(
            (f"type: {kind}, format: {written}", f'"{text}"', f"{text!r} in row 1, expected {kind} written {told}")
            for kind, written, text, told in [
                ("number", "{decimal: ',', thousands: .}", "1.5", "as 1.234,5"),
                ("number", "{decimal: ',', thousands: .}", "0.123", "as 1.234,5"),
                ("number", "{unit: $, thousands: ','}", "$6,00", "as $1,234.5"),
                ("number", "{unit: $}", "60", "as $1234.5"),
                ("number", "{unit: '%'}", "13,5%", "as 1234.5 %"),
                ("date", "{date: '%d/%m/%Y'}", "31/12/20", "by the pattern %d/%m/%Y"),
                ("date", "{date: '%d/%m/%Y'}", "2020-12-31", "by the pattern %d/%m/%Y"),
                ("date", "{date: '%m/%d/%Y'}", "31/12/2020", "by the pattern %m/%d/%Y"),
            ]
        ),
    ],
)
def test_a_value_of_another_type_is_named_with_its_row(
    typed: Typed, tmp_path: Path, column: str, content: str | pa.Array, found: str
) -> None:
    with pytest.raises(CreditError) as caught:
        typed(column, content)
    (problem,) = caught.value.problems
    assert str(problem) == f"{tmp_path}/raw: value: found {found} or a declared code for missing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "raw"]


def test_parts_of_a_folder_may_differ_in_type_as_pandas_writes_them(typed: Typed) -> None:
    assert typed("type: integer", pa.array([1, 2]), pa.array([3.0, None])) == [1, 2, 3, None]


def test_a_part_of_a_folder_is_not_rounded_to_the_type_of_the_first(typed: Typed) -> None:
    with pytest.raises(CreditError, match=r"found '3\.7' in row 3, expected integer"):
        typed("type: integer", pa.array([1, 2]), pa.array([3.7, None]))


def test_a_whole_number_beside_a_part_of_floats_that_lack_its_digits_is_refused(typed: Typed) -> None:
    with pytest.raises(CreditError, match=r"found '16777216\.0' in row 1, expected integer"):
        typed("type: integer", pa.array([2**24 + 1]), pa.array([3.0, None], pa.float32()))


def test_the_time_zone_of_the_machine_changes_nothing(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    (found,) = typed("type: timestamp", stamp("2024-01-01", zone="America/New_York"))
    assert str(found) == "2024-01-01 05:00:00"


@pytest.mark.parametrize(
    ("column", "content", "expected"),
    [
        ("type: integer, missing_codes: [999]", "1|999|999.0|0999|+999| 999|9.99e2|9990", [1, *[None] * 6, 9990]),
        ("type: integer, missing_codes: [-1, 0]", "-1|-1.0|1|0|-0|00.|10", [None, None, 1, None, None, None, 10]),
        ("type: integer, missing_codes: [9007199254740993]", "9007199254740992|9007199254740993", [2**53, None]),
        ("type: integer, missing_codes: [9007199254740993]", pa.array([2**53, 2**53 + 1]), [2**53, None]),
        ("type: number, missing_codes: [9007199254740993]", "9007199254740992|9007199254740993", [2**53, None]),
        ("type: number, missing_codes: [9007199254740993]", pa.array([2.0**53]), [2**53]),
        (
            "type: integer, missing_codes: [999999999999999999]",
            "1000000000000000000|999999999999999999",
            [10**18, None],
        ),
        ("type: number, missing_codes: [99.9]", "99.9|99.90|99.900000000000006|99.90001", [None, None, None, 99.90001]),
        ("type: number, missing_codes: [0.1]", pa.array([0.1, 0.5], pa.float32()), [None, 0.5]),
        ("type: number, missing_codes: [999, none]", pa.array(["1.5", "999", "none"]), [1.5, None, None]),
        ("type: integer, missing_codes: [99]", pa.array([99, 1, None], pa.decimal128(5, 1)), [None, 1, None]),
        ("type: boolean, missing_codes: [9]", "9|9.0|1|0", [None, None, True, False]),
        ("type: text, missing_codes: [99]", "99|099|99.0|+99| 99|9.9e1", [None, "099", "99.0", "+99", " 99", "9.9e1"]),
        ("type: text, missing_codes: [99]", pa.array([99.0, 1.0, None]), [None, "1", None]),
        ("type: text, missing_codes: [9999999999999999999]", "10000000000000000000", ["10000000000000000000"]),
        ("type: category, allowed: ['099'], missing_codes: [99]", "099|99|99.0|+99", ["099", None, None, "+99"]),
        ("type: category, allowed: ['99.0'], missing_codes: ['99']", "99|99.0", [None, "99.0"]),
        ("type: category, allowed: ['1'], missing_codes: ['99']", pa.array([1.0, 99.0]), ["1", None]),
        ("type: category, allowed: ['1'], missing_codes: ['099']", "099|99|1", [None, "99", "1"]),
        ("type: date, missing_codes: ['1900-01-01']", "1900-01-01|1900-01-01 00:00:00", [None, None]),
        ("type: timestamp, missing_codes: ['1900-01-01']", stamp("1900-01-01"), [None]),
        (
            "type: date, format: {date: '%d/%m/%Y'}, missing_codes: ['01/01/1900', '?']",
            "1/1/1900|01/01/1900|?",
            [None, None, None],
        ),
    ],
)
def test_a_code_for_missing_is_the_same_value_and_no_other(
    typed: Typed, column: str, content: str | pa.Array, expected: list[Any]
) -> None:
    assert typed(column, content) == expected


@pytest.mark.parametrize("code", ["'99'", "'-1.0'", "' 9'", ".nan"])
def test_a_code_that_a_column_of_numbers_would_know_one_way_only_is_refused(typed: Typed, code: str) -> None:
    with pytest.raises(CreditError, match=r"columns\.value: found missing_codes .* expected (it without|a number)"):
        typed(f"type: integer, missing_codes: [{code}]", "1")


@pytest.mark.parametrize(
    ("kind", "sql", "expected"),
    [
        ("integer", "case when other = 1 then 9007199254740993 end", 2**53 + 1),
        ("integer", "round(other / 2)", 1),
        ("integer", "other > 0", 1),
        ("integer", "other::decimal(9, 2)", 1),
        ("boolean", "other", True),
        ("boolean", "other * 1.0", True),
        ("boolean", "other::varchar", True),
        ("date", "date_trunc('month', DATE '2020-05-07') + INTERVAL (other - 1) DAY", "2020-05-01"),
        ("integer", "other / 2", "'0.5' in row 1 and 1 more like it, expected integer; say in its sql"),
        ("integer", "other / 0", "'inf' in row 1 and 1 more like it, expected integer; say in its sql"),
        ("integer", "(other / 2)::varchar", "'0.5' in row 1 and 1 more like it, expected integer"),
        ("boolean", "other * 2", "'2' in row 1 and 1 more like it, expected boolean"),
        ("boolean", "other / 2", "'0.5' in row 1 and 1 more like it, expected boolean"),
        ("date", "TIMESTAMP '2020-05-07' + INTERVAL (other) HOUR", "'2020-05-07 01:00:00' in row 1"),
    ],
)
def test_a_derived_value_is_of_its_type_or_named_and_never_rounded(
    typed: Typed, kind: str, sql: str, expected: Any
) -> None:
    if isinstance(expected, str) and "row" in expected:
        with pytest.raises(CreditError, match=re.escape(f"mine.yaml: value: found {expected}")):
            typed(f'type: {kind}, sql: "{sql}"', 2)
    else:
        found = typed(f'type: {kind}, sql: "{sql}"', 2)
        assert [str(value) if kind == "date" else value for value in found] == [expected, expected]


def test_the_format_of_the_file_is_that_of_columns_without_one(tmp_path: Path) -> None:
    rest = "role: ignored, because: b, description: d}"
    others = {"a": "type: number", "b": "type: number, format: {unit: $}", "c": "type: date", "d": "type: text"}
    text = CONTRACT.format(column="type: integer").replace(
        "columns:", "format: {decimal: ',', date: '%d.%m.%Y'}\ncolumns:"
    )
    (tmp_path / "mine.yaml").write_text(text + "".join(f"  {name}: {{{of}, {rest}\n" for name, of in others.items()))
    (tmp_path / "raw").write_text("paid;other;value;a;b;c;d\n1;1;1;1,5;$2,5;31.12.2020;1,5\n")
    ingest_table(load_contract(tmp_path / "mine.yaml"), tmp_path / "raw", tmp_path / "typed.parquet", "mine.yaml")
    (row,) = duckdb.sql(f"SELECT a, b, CAST(c AS VARCHAR), d FROM '{tmp_path / 'typed.parquet'}'").fetchall()
    assert row == (1.5, 2.5, "2020-12-31", "1,5")


@pytest.mark.parametrize(
    ("column", "content", "is_refused"),
    [
        ("type: integer", stamp("2024-02-29"), True),
        ("type: number", pa.array([[1.0], [2.0]]), True),
        ("type: boolean", stamp("2024-02-29"), True),
        ("type: date", pa.array([1.5, None]), True),
        ("type: date", pa.array([True]), True),
        ("type: date", pa.array([None, None], pa.int32()), False),  # as pandas writes a column without a value
        ("type: date, format: {date: '%Y%m%d'}", pa.array([20240229]), False),
        ("type: date", stamp("2024-02-29"), False),
        ("type: integer", pa.array(["7"]), False),
        ("type: number", pa.array([1, 2], pa.decimal128(9, 2)), False),
        ("type: text", pa.array([1, 2]), False),
    ],
)
def test_a_parquet_type_that_no_cast_reads_is_found_by_the_check_before_ingest_finds_it(
    typed: Typed, tmp_path: Path, column: str, content: pa.Array, is_refused: bool
) -> None:
    if is_refused:
        with pytest.raises(CreditError):
            typed(column, content)
    else:
        typed(column, content)
    found = [
        str(one) for one in find_raw_problems(load_contract(tmp_path / "mine.yaml"), tmp_path / "raw", "mine.yaml")
    ]
    assert bool(found) is is_refused
    assert all("value: found the Parquet type" in one for one in found)

"""Which columns an expression reads: names, not the words of SQL."""

from pathlib import Path

import duckdb
import pytest

from credit.common.errors import CreditError
from credit.contract.sql_names import RESERVED_WORDS, extract_sql_names
from credit.data.contract_check import check_contract
from testing.lenders.loans import CONTRACT


def test_the_reserved_words_are_those_of_the_engine() -> None:
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    assert {word for (word,) in duckdb.connect().execute(query).fetchall()} == RESERVED_WORDS


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("case when income > 1 then 2 else 3 end", {"income"}),
        ('CASE WHEN "end" > 1 THEN 2 END', {"end"}),
        ('Income || \'it\'\'s x\' || "a ""b""" + y', {"income", 'a "b"', "y"}),
    ],
)
def test_a_reserved_word_is_a_name_in_quotes_only(sql: str, names: set[str]) -> None:
    assert extract_sql_names(sql) == names


def test_a_column_that_is_called_end_is_read_by_its_name_and_not_by_a_case(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    ended = "  end: {type: date, role: ignored, because: known afterwards, description: last day}\n"
    sql = "case when income > 1 then 2 else 3 end"
    large = f"  large: {{type: integer, role: feature, description: d, reason: r, sql: '{sql}'}}\n"
    file.write_text(CONTRACT + ended + large)
    assert "large" in check_contract(file).features
    file.write_text(CONTRACT + ended + large.replace("income > 1", '"end" is null'))
    with pytest.raises(CreditError, match=r"columns.large.sql: found the ignored column end, expected"):
        check_contract(file)

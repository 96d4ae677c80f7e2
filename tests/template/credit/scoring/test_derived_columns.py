"""Derived columns of single applications."""

from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError, Problem
from credit.contract import load_contract
from credit.scoring.derived_columns import DerivedColumns

CONTRACT = """
name: dated
row: a person
source: {title: t, licence: l, citation: c}
columns:
  applied: {type: date, role: time, description: d}
  season: {type: integer, role: feature, sql: month(applied), description: d, reason: r}
  debts: {type: integer, role: feature, description: d, reason: r}
  burdens: {type: integer, role: feature, sql: debts + 1, description: d, reason: r}
  points: {type: integer, role: score, threshold: 600, description: d, reason: r}
  paid: {type: boolean, role: label, favourable: true, description: d}
"""


@pytest.fixture
def derivations(tmp_path: Path) -> DerivedColumns:
    (tmp_path / "c.yaml").write_text(CONTRACT)
    return DerivedColumns(load_contract(tmp_path / "c.yaml"), ["season", "burdens", "points"])


def test_a_row_gets_its_derived_columns(derivations: DerivedColumns) -> None:
    row = derivations.add({"applied": "2026-11-24", "debts": 2})
    assert (row["season"], row["burdens"]) == (11, 3)
    assert derivations.add({"applied": None, "debts": 2})["season"] is None


def test_a_column_that_model_and_rule_both_ask_for_is_computed_once(
    derivations: DerivedColumns, tmp_path: Path
) -> None:
    both = DerivedColumns(load_contract(tmp_path / "c.yaml"), ["burdens", "season", "burdens"])
    row = {"applied": "2026-11-24", "debts": 2}
    assert both.add(row) == derivations.add(row)


@pytest.mark.parametrize(
    ("values", "derived"),
    [({"debts": 2**63 - 1}, "burdens"), ({"applied": "20261124"}, "season"), ({"applied": "2026-W48-2"}, "season")],
)
def test_a_value_that_a_column_cannot_be_computed_from_is_refused_by_name_and_no_other_is(
    derivations: DerivedColumns, values: dict[str, Any], derived: str
) -> None:
    row = {"applied": "2026-11-24", "debts": 2} | values
    with pytest.raises(CreditError) as refused:
        derivations.add(row)
    ((name, value),) = values.items()
    expected = f"a value from which {derived} can be computed"
    assert refused.value.problems == [Problem(name, repr(value), expected)]
    assert derivations.add({"applied": "2026-11-24", "debts": 2})["burdens"] == 3


def test_half_a_month_is_refused_by_name_where_the_derived_column_is_whole(tmp_path: Path) -> None:
    """As `ingest` refuses it: no model has seen a rounded one."""
    (tmp_path / "c.yaml").write_text(CONTRACT.replace("sql: debts + 1", "sql: debts / 2"))
    halved = DerivedColumns(load_contract(tmp_path / "c.yaml"), ["burdens"])
    assert halved.add({"debts": 4})["burdens"] == 2
    with pytest.raises(CreditError, match=r"^debts: found 3, expected a value from which burdens can be computed$"):
        halved.add({"debts": 3})

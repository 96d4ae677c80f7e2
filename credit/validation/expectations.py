"""The Great Expectations suite of a contract, and the rows of a partition that break it."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from credit.common.params import Params
from credit.contract import Contract
from credit.contract.columns import Column
from credit.data.tables import make_frame
from credit.validation.screening import find_suspects

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

_BLOCK_COLUMNS = (
    100  # columns alike that are checked as one long column: a suite of thousands of expectations takes minutes
)


_WORTH_SCREENING = 10_000
"""Rows from which on a partition is screened. Fewer are judged whole, as fast."""

_RECHECKED = 1000
"""Rows of the first screened partition that are judged though nothing is wrong with them: they check the screening."""


class ValidateParams(Params):
    """The block `validate`."""

    max_quarantined: float = Field(ge=0, le=1)
    min_group: int = Field(ge=0)


class ContractBreach(NamedTuple):
    """A reason for quarantine: the column, the value found, the rule of the contract."""

    column: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.column}: found {self.found}, allowed {self.allowed}"


class ContractSuite:
    """Expectations for one table. Columns with the same rules are stacked, so thousands of them stay quick.

    Of a large table, the rows that Arrow clears are not judged one by one, but for some to check that by.
    """

    def __init__(self, contract: Contract, repeated_ids: Sequence[Any] = ()) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"  # before the import, which reads it
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        self._gx = gx
        self._contract = contract
        self._repeated = list(repeated_ids)
        self._is_rechecked = False
        self._rules: dict[Column, list[Expectation]] = {}
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("partition").add_dataframe_asset("rows")
        self._batches = asset.add_batch_definition_whole_dataframe("all")

    def find_breaches(self, partition: pa.RecordBatch) -> dict[int, list[ContractBreach]]:
        """Find the rows of a partition that break the contract, with one reason per broken expectation."""
        if partition.num_rows <= _WORTH_SCREENING:
            return self._judge_rows(partition, list(self._contract.columns))
        screened = {name: self._screen_column(partition.column(name), name) for name in self._contract.columns}
        suspected = {name: rows for name, rows in screened.items() if rows.any()}
        if not suspected and self._is_rechecked:
            return {}
        suspects = np.logical_or.reduce([np.zeros(partition.num_rows, np.bool_), *suspected.values()])
        names, judged = list(suspected), suspects
        if not self._is_rechecked:
            names, judged = list(self._contract.columns), suspects.copy()
            judged[:: -(-partition.num_rows // _RECHECKED)] = True
            self._is_rechecked = True
        rows = np.flatnonzero(judged)
        found = self._judge_rows(partition.take(pa.array(rows)), names)
        bad = {int(rows[place]): reasons for place, reasons in found.items()}
        if missed := [row for row in bad if not suspects[row]]:
            columns = ", ".join(breach.column for breach in bad[missed[0]])
            raise RuntimeError(f"row {missed[0]} of the partition was cleared, and breaks rules of {columns}")
        return bad

    def _screen_column(self, values: pa.Array, name: str) -> NDArray[np.bool_]:
        """Tell which rows may break a rule of the column; shape (n,)."""
        column, suspects = self._contract.columns[name], np.zeros(len(values), np.bool_)
        if column not in self._rules:
            self._rules[column] = list(self._build_expectations(name))
        for expectation in self._rules[column]:
            suspects |= find_suspects(values, expectation)
        return suspects

    def _judge_rows(self, rows: pa.RecordBatch, names: Sequence[str]) -> dict[int, list[ContractBreach]]:
        """Judge rows by the expectations of some columns."""
        bad: dict[int, list[ContractBreach]] = {}
        frame = make_frame(rows)
        plain, alike = self._group_columns(names)
        for row, breach in self._check_frame(frame, [e for name in plain for e in self._build_expectations(name)]):
            bad.setdefault(row, []).append(breach)
        for block in alike:
            for row, breach in self._check_block(frame, block):
                bad.setdefault(row, []).append(breach)
        return {row: sorted(reasons) for row, reasons in sorted(bad.items())}

    def _group_columns(self, wanted: Sequence[str]) -> tuple[list[str], list[list[str]]]:
        """Group columns: those that are checked by themselves, and blocks of columns with the very same rules."""
        by_rule: dict[Column, list[str]] = {}
        for name in wanted:
            by_rule.setdefault(self._contract.columns[name], []).append(name)
        plain = [name for names in by_rule.values() if len(names) == 1 for name in names]
        blocks = [
            names[start : start + _BLOCK_COLUMNS]
            for names in by_rule.values()
            if len(names) > 1
            for start in range(0, len(names), _BLOCK_COLUMNS)
        ]
        return plain, blocks

    def _build_expectations(self, name: str, column: Column | None = None) -> "Iterator[Expectation]":
        expect = self._gx.expectations
        column = column or self._contract.columns[name]
        if column.missing == "refused" or column.role in ("label", "id", "group"):
            yield expect.ExpectColumnValuesToNotBeNull(column=name)
        if column.allowed and column.type != "boolean":
            yield expect.ExpectColumnValuesToBeInSet(column=name, value_set=list(column.allowed))
        if column.type in ("integer", "number") and not column.allowed:
            lowest, highest = _find_limits(column)
            yield expect.ExpectColumnValuesToBeBetween(column=name, min_value=lowest, max_value=highest)
        if column.role == "id" and self._repeated:
            yield expect.ExpectColumnValuesToNotBeInSet(column=name, value_set=self._repeated)

    def _check_block(self, frame: pd.DataFrame, names: list[str]) -> Iterator[tuple[int, ContractBreach]]:
        stacked = pd.concat([frame[name] for name in names], ignore_index=True).to_frame("value")
        column = self._contract.columns[names[0]]
        for position, breach in self._check_frame(stacked, list(self._build_expectations("value", column)), column):
            block, row = divmod(position, len(frame))
            yield row, breach._replace(column=names[block])

    def _check_frame(
        self, frame: pd.DataFrame, expectations: "list[Expectation]", column: Column | None = None
    ) -> Iterator[tuple[int, ContractBreach]]:
        if not expectations:
            return
        suite = self._gx.ExpectationSuite(name="contract", expectations=expectations)
        batch = self._batches.get_batch(batch_parameters={"dataframe": frame})
        wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": []}
        for result in batch.validate(suite, result_format=wanted).results:
            expectation = result.expectation_config
            if expectation is None or "element_count" not in result.result:  # it could not be evaluated
                raise RuntimeError(f"{expectation}: {result.exception_info}")
            name = expectation.kwargs["column"]
            rows = result.result.get("unexpected_index_list") or []
            allowed = _describe_allowed(expectation.type, column or self._contract.columns[name])
            values = frame[name].to_numpy()
            for row in rows:
                yield row, ContractBreach(name, _format_value(values[row]), allowed)


def _find_limits(column: Column) -> tuple[float, float]:
    """Find the range of a column; the largest finite numbers where it is open, so that no infinity is accepted."""
    lowest, highest = column.range or (None, None)
    largest = float(np.finfo(np.float64).max)
    return (-largest if lowest is None else lowest), (largest if highest is None else highest)


def _format_value(value: Any) -> str:
    return "nothing" if pd.isna(value) else repr(value.item() if hasattr(value, "item") else value)


def _describe_allowed(expectation: str, column: Column) -> str:
    if expectation == "expect_column_values_to_not_be_null":
        return "only rows with a value"
    if expectation == "expect_column_values_to_not_be_in_set":
        return "each value in one row only"
    if column.allowed:
        return ", ".join(map(str, column.allowed))
    lowest, highest = column.range or (None, None)
    if lowest is None and highest is None:
        return "finite numbers"
    if highest is None:
        return f"{lowest:g} or more"
    return f"{highest:g} or less" if lowest is None else f"{lowest:g} to {highest:g}"

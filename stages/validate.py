"""Set rows aside that break the contract, with the reason; count them; stop when there are too many.

The Great Expectations suite is built from the contract. Rows are never repaired and never dropped silently: they go
to the quarantine file, the counts to `reports/validation.json`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from credit.common.cli import make_stage
from credit.common.errors import Problem, raise_if_any
from credit.common.files import atomic_write
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.groups import assign_groups
from credit.data.expectations import ContractBreach, ContractSuite, ValidateParams
from credit.data.parts import check_parts
from credit.data.sql_text import quote_identifier, scan_parquet_sql
from credit.data.tables import count_partitions, iterate_partitions, make_frame, open_table, read_folded_levels
from credit.reports.validation import BrokenRule, FoldedLevels, ValidationReport


class ValidationTally:
    """Counts over all partitions: rows, missing values, reasons, labels and groups. Two of them could be added up."""

    def __init__(self, contract: Contract, folded: Sequence[tuple[str, str | None, int]] = ()) -> None:
        self.contract = contract
        self.folded = folded
        self.rows = 0
        self.quarantined = 0
        self.missing: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], str] = {}
        self.labels: Counter[Any] = Counter()
        self.groups: dict[str, Counter[str]] = {name: Counter() for name in contract.protected}
        self.catch_alls = {name: 0 for name, column in contract.features.items() if column.new_levels is not None}

    def add(self, partition: pa.RecordBatch, bad: dict[int, list[ContractBreach]]) -> None:
        """Count one partition; `bad` are its rows that are set aside, with the reasons."""
        self.rows += partition.num_rows
        self.quarantined += len(bad)
        for breach in (breach for breaches in bad.values() for breach in breaches):
            rule = (breach.column, breach.allowed)
            self.reasons[rule] += 1
            self.examples.setdefault(rule, breach.found)
        self.missing.update({name: partition.column(name).null_count for name in partition.schema.names})
        read = [self.contract.label, *self.contract.protected, *self.catch_alls]
        accepted = make_frame(partition.select(read)).drop(index=list(bad))
        self.labels.update(accepted[self.contract.label].tolist())
        for name, counter in self.groups.items():
            counts = assign_groups(self.contract, name, accepted[name]).value_counts()
            counter.update({str(group): int(people) for group, people in counts.items()})
        for name in self.catch_alls:
            self.catch_alls[name] += int((accepted[name] == self.contract.columns[name].new_levels).sum())

    def build_report(self) -> ValidationReport:
        """Describe the table and the people in it."""
        return ValidationReport(
            rows=self.rows,
            accepted=self.rows - self.quarantined,
            quarantined=self.quarantined,
            reasons=self.list_breaches(),
            missing={name: count for name, count in self.missing.items() if count},
            labels={str(value): count for value, count in sorted(self.labels.items())},
            groups={name: dict(counts) for name, counts in self.groups.items()},
            **({"folded": folded} if (folded := self.list_folded()) else {}),
        )

    def list_folded(self) -> tuple[FoldedLevels, ...]:
        """List which levels of the file count as another, with their rows, and by name where that may be shown."""
        made: dict[tuple[str, str, bool], dict[str | None, int]] = {}
        for name, level, rows in self.folded:
            column = self.contract.columns[name]
            into = column.folded.get(level or "", column.new_levels or "")
            made.setdefault((name, into, level not in column.folded), {})[level] = rows
        return tuple(
            FoldedLevels(
                column=name,
                into=into,
                is_new=is_new,
                rows=sum(counts.values()),
                **({"levels": levels} if (levels := self._name_levels(name, counts)) else {}),
            )
            for (name, into, is_new), counts in made.items()
        )

    def _name_levels(self, name: str, counts: Mapping[str | None, int]) -> dict[str, int]:
        is_shown = self.contract.columns[name].may_be_shown
        return {level: rows for level, rows in counts.items() if is_shown and level is not None}

    def list_breaches(self) -> tuple[BrokenRule, ...]:
        """List each broken rule with the number of rows, and one example where that may be shown."""
        return tuple(
            BrokenRule(column=column, allowed=allowed, rows=rows, example=self.examples[column, allowed])
            if self.contract.columns[column].may_be_shown
            else BrokenRule(column=column, allowed=allowed, rows=rows)
            for (column, allowed), rows in sorted(self.reasons.items())
        )

    def describe_example(self, rule: BrokenRule) -> str:
        """Describe one value that breaks a rule for the terminal: a level of any category too, nothing personal."""
        is_level = self.contract.columns[rule.column].type == "category"
        return self.examples[rule.column, rule.allowed] if rule.example or is_level else "a value"

    def _is_endless(self, rule: BrokenRule) -> bool:
        """Tell whether a derived column is infinite, as a ratio is by a zero."""
        is_derived = self.contract.columns[rule.column].sql is not None
        return is_derived and self.examples[rule.column, rule.allowed] in ("inf", "-inf")

    def find_problems(self, params: ValidateParams, file: str) -> list[Problem]:
        """Find each problem that makes the accepted rows unfit to learn from."""
        problems = []
        share = self.quarantined / self.rows
        if share > params.max_quarantined:
            limit = f"at most {params.max_quarantined:.1%} (validate.max_quarantined)"
            problems.append(Problem(file, f"{self.quarantined:,} of {self.rows:,} rows set aside", limit))
            problems += [
                Problem(
                    f"{file}: {rule.column}",
                    f"{self.describe_example(rule)} ({rule.rows:,} rows)",
                    rule.allowed,
                    "guard a division in its sql: a / nullif(b, 0)" if self._is_endless(rule) else "",
                )
                for rule in self.list_breaches()
            ]
        label = self.contract.label
        if self.quarantined < self.rows and len(self.labels) < 2:
            found = f"only {next(iter(self.labels), 'rows without a value')!r}"
            problems.append(Problem(f"{file}: {label}", found, "two classes: one favourable, one not"))
        elif self.contract.columns[label].favourable not in self.labels:
            found = f"no row with {self.contract.columns[label].favourable!r}, the favourable value"
            problems.append(Problem(f"{file}: {label}", found, "some rows"))
        problems += self._find_empty_catch_alls(file)
        for name in self.groups:
            problems += self._find_small_groups(name, params.min_group, file)
        return problems

    def _find_empty_catch_alls(self, file: str) -> list[Problem]:
        """Find levels that new ones would count as, and of which no model could learn anything."""
        fix = "fold rare levels into it with `fold`, or let new ones count as a level with rows"
        return [
            Problem(f"{file}: {name}", f"no row of {self.contract.columns[name].new_levels!r}", "some rows", fix)
            for name, rows in self.catch_alls.items()
            if not rows and self.quarantined < self.rows
        ]

    def _find_small_groups(self, name: str, least: int, file: str) -> list[Problem]:
        fix = f"merge it into another group of {name} in the contract, or lower validate.min_group"
        return [
            Problem(
                f"{file}: {name}",
                f"{self.groups[name][group]} people of group {self.contract.columns[name].name_value(group)!r}",
                f"at least {least}",
                fix,
            )
            for group in map(str, self.contract.columns[name].allowed or ())
            if self.groups[name][group] < least
        ]


def validate_table(
    contract: Contract, params: ValidateParams, typed: Path, accepted: Path, quarantined: Path
) -> ValidationTally:
    """Split the typed table into accepted and quarantined rows (with `row` and `reasons`); return the counts.

    The contract must be bound to the table. Raises CreditError, and writes nothing, when too many rows are set aside
    or what is left is not fit to learn from.
    """
    table = open_table(typed)
    suite = ContractSuite(contract, find_repeated_ids(contract, typed))
    tally = ValidationTally(contract, read_folded_levels(table))
    schema = table.schema_arrow.remove_metadata()
    aside = pa.schema(
        [(_make_unique("row", schema.names), pa.int64()), (_make_unique("reasons", schema.names), pa.string()), *schema]
    )
    options = {"compression": "zstd", "store_schema": False}
    written = {"accepted": 0, "set aside": 0}
    with (
        atomic_write(accepted) as good,
        atomic_write(quarantined) as set_aside,
        pq.ParquetWriter(good, schema, **options) as good_writer,
        pq.ParquetWriter(set_aside, aside, **options) as aside_writer,
    ):
        total = count_partitions(table)
        for partition in tqdm(iterate_partitions(table), "validate", total, unit="partition", disable=None):
            bad = suite.find_breaches(partition)
            sides = {
                "accepted": _drop_rows(partition, bad),
                "set aside": _quarantine_rows(partition, bad, tally.rows, aside),
            }
            for name, writer in (("accepted", good_writer), ("set aside", aside_writer)):
                writer.write_batch(sides[name])
                written[name] += sides[name].num_rows
            tally.add(partition, bad)
        raise_if_any(tally.find_problems(params, str(typed)))
        check_parts(str(typed), written, table.metadata.num_rows)
        for name, groups in tally.groups.items():
            check_parts(f"{typed}: {name}", groups, written["accepted"])
    return tally


def _make_unique(name: str, taken: list[str]) -> str:
    """Make a name unique among the table's own columns by appending underscores."""
    while name.lower() in map(str.lower, taken):
        name += "_"
    return name


def find_repeated_ids(contract: Contract, typed: Path) -> list[Any]:
    """Find the values of the id column that more than one row has."""
    ids = list(contract.find_by_role("id"))
    if not ids:
        return []
    import duckdb  # not needed where the contract has no id

    name = quote_identifier(ids[0])
    query = f"SELECT {name} FROM {scan_parquet_sql([typed])} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    return [row[0] for row in duckdb.connect().execute(query).fetchall()]


def _drop_rows(partition: pa.RecordBatch, bad: dict[int, list[ContractBreach]]) -> pa.RecordBatch:
    mask = [True] * partition.num_rows
    for row in bad:
        mask[row] = False
    return partition.filter(pa.array(mask))


def _quarantine_rows(
    partition: pa.RecordBatch, bad: dict[int, list[ContractBreach]], before: int, schema: pa.Schema
) -> pa.RecordBatch:
    rows = sorted(bad)
    columns = partition.take(pa.array(rows, pa.int64())).columns
    numbers = pa.array([before + row + 1 for row in rows], pa.int64())
    reasons = pa.array(["; ".join(map(str, bad[row])) for row in rows], pa.string())
    return pa.RecordBatch.from_arrays([numbers, reasons, *columns], schema=schema)


@make_stage(__doc__)
def run(contract_file: Path, typed_file: Path, accepted_file: Path, quarantined_file: Path, report_file: Path) -> None:
    """Write accepted and quarantined rows and the report."""
    params = read_params(ValidateParams, "validate")
    contract = load_contract(contract_file).bind(open_table(typed_file).schema_arrow.names, str(typed_file))
    tally = validate_table(contract, params, typed_file, accepted_file, quarantined_file)
    tally.build_report().write(report_file)
    print(f"{tally.rows:,} rows: {tally.rows - tally.quarantined:,} accepted, {tally.quarantined:,} set aside")
    for rule in tally.list_breaches():
        print(f"  {rule.column}: {rule.rows:,} found {rule.example or 'otherwise'}, allowed {rule.allowed}")
    for folded in tally.list_folded():
        named = ", ".join(f"{level!r} ({rows:,})" for level, rows in folded.levels.items())
        new = "new to the contract" if folded.is_new else "folded"
        print(f"  {folded.column}: {folded.rows:,} count as {folded.into!r}, {new}{named and f': {named}'}")

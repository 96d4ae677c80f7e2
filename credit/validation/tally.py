"""Counts of a validated table: rows, missing values, broken rules, labels, groups and folded levels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit.contract import Contract
from credit.contract.groups import assign_groups, list_groups
from credit.reports.validation import BrokenRule, FoldedLevels, ValidationReport
from credit.validation.expectations import ContractBreach


class ValidationTally:
    """Counts over all partitions: rows, missing values, reasons, labels and groups. `merge` adds those of others."""

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
        kept = np.ones(partition.num_rows, np.bool_)
        kept[list(bad)] = False
        accepted = partition.filter(pa.array(kept)) if bad else partition
        for label, rows in _count_values(accepted, self.contract.label).items():
            self.labels[label] += rows
        for name, counter in self.groups.items():
            counts = _count_values(accepted, name)
            groups = assign_groups(self.contract, name, pd.Series(list(counts), dtype=object))
            names = list_groups(self.contract, name)
            counter.update(dict.fromkeys(names, 0))
            for code, rows in zip(groups.codes, counts.values(), strict=True):
                if code >= 0:  # else nobody's group: the stage finds that the groups do not add up to the rows
                    counter[names[code]] += rows
        for name in self.catch_alls:
            self.catch_alls[name] += _count_values(accepted, name)[self.contract.columns[name].new_levels]

    def merge(self, other: "ValidationTally") -> None:
        """Add the counts of later rows of the same table; of two examples the earlier one stays."""
        self.rows += other.rows
        self.quarantined += other.quarantined
        self.examples = other.examples | self.examples
        self.missing.update(other.missing)  # `+` would leave out what nobody has, as a group
        self.reasons.update(other.reasons)
        self.labels.update(other.labels)
        for name, groups in other.groups.items():
            self.groups[name].update(groups)
        for name, rows in other.catch_alls.items():
            self.catch_alls[name] += rows

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


def _count_values(rows: pa.RecordBatch, name: str) -> Counter[Any]:
    """Count the rows of each value of a column, in the order in which they come; None: no value."""
    counted = rows.column(name).value_counts().to_pylist()
    return Counter({one["values"]: one["counts"] for one in counted})

"""The data and the params of two revisions, beside each other."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from credit.reports.base import Flag, ReportPart
from release.compare.sides import Sides
from release.repository.reports import RevisionReports
from release.repository.revision import Revision


class RowCounts(NamedTuple):
    """How many rows a revision has, from its reports; None where it has no such report."""

    rows: int | None
    accepted: int | None
    quarantined: int | None
    train: int | None
    test: int | None


class DataComparison(ReportPart):
    """The data that the models learned from."""

    contract: Sides[str]
    """The path."""
    contract_changed: Flag
    counts: dict[str, Sides[int | None]]
    """By the fields of RowCounts."""
    changed: tuple[str, ...]
    """The tables whose hash in dvc.lock is another one."""

    @property
    def has_changes(self) -> bool:
        """Tell whether the contract, a table or a count changed."""
        return self.contract_changed or bool(self.changed) or any(pair.has_changed for pair in self.counts.values())


def compare_data(revisions: Sides[Revision], reports: Sides[RevisionReports]) -> DataComparison:
    """Compare the contract, the numbers of rows, and the hashes of tables in dvc.lock."""
    base, head = revisions
    contract = revisions.map(lambda side: side.contract_path)
    tables = [path for path in head.dvc_outputs if path.startswith("data/") and not path.startswith("data/predictions")]
    counts = zip(RowCounts._fields, *reports.map(_count_rows), strict=True)
    return DataComparison(
        contract=contract,
        contract_changed=contract.has_changed or base.read_text(contract.base) != head.read_text(contract.head),
        counts={name: Sides(before, after) for name, before, after in counts},
        changed=tuple(path for path in tables if base.dvc_outputs.get(path) != head.dvc_outputs[path]),
    )


def _count_rows(reports: RevisionReports) -> RowCounts:
    """Count rows. Every candidate is measured on all test rows; the other accepted rows are those of training."""
    of = reports.validation
    test = next((figures.rows for figures in reports.metrics.values()), None)
    if of is None:
        return RowCounts(None, None, None, None, test)
    return RowCounts(of.rows, of.accepted, of.quarantined, None if test is None else of.accepted - test, test)


def compare_params(revisions: Sides[Revision]) -> dict[str, Sides[Any]]:
    """Compare parameters by the path of the key; an absent key counts as null."""
    old, new = revisions.map(lambda side: dict(_flatten(side.params)))
    return {
        name: Sides(old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    }


def _flatten(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _flatten(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, content

"""The data and the params of two revisions, beside each other."""

from collections.abc import Iterator
from typing import Any

from release.repository.reports import RevisionReports
from release.repository.revision import Revision


def compare_data(base: Revision, head: Revision, old: RevisionReports, new: RevisionReports) -> dict[str, Any]:
    """Compare the contract, the numbers of rows, and the hashes of tables in dvc.lock."""
    pairs = [_count_rows(old), _count_rows(new)]
    tables = [
        (path, base.dvc_outputs.get(path), md5) for path, md5 in head.dvc_outputs.items() if path.startswith("data/")
    ]
    contracts = [base.contract_path, head.contract_path]
    return {
        "contract": contracts,
        "contract_changed": contracts[0] != contracts[1]
        or base.read_text(contracts[0]) != head.read_text(contracts[1]),
        "counts": {name: [counts[name] for counts in pairs] for name in pairs[0]},
        "changed": [path for path, before, after in tables if before != after and path != "data/predictions"],
    }


def _count_rows(reports: RevisionReports) -> dict[str, int | None]:
    """Count rows. Every candidate is measured on all test rows; the other accepted rows are those of training."""
    of = reports.validation
    test = next((figures.rows for figures in reports.metrics.values()), None)
    return {
        "rows": of.rows if of else None,
        "accepted": of.accepted if of else None,
        "quarantined": of.quarantined if of else None,
        "train": None if of is None or test is None else of.accepted - test,
        "test": test,
    }


def compare_params(base: Revision, head: Revision) -> dict[str, list[Any]]:
    """Compare parameters by the path of the key, base and head; an absent key counts as null."""
    old, new = dict(_flatten(base.params)), dict(_flatten(head.params))
    return {
        name: [old.get(name), new.get(name)]
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    }


def _flatten(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _flatten(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, content

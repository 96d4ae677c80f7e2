"""What went into two revisions: features, data, parameters."""

from collections.abc import Iterator
from typing import Any

from release.repository.revision import Revision

PROXY_AUC = 0.65
"""From this AUC on a feature counts as a proxy of a protected attribute; the example beside `max_proxy` in params."""


def compare_features(base: Revision, head: Revision) -> dict[str, Any]:
    """Added, dropped and why, and the features that now guess a protected attribute and did not before."""
    old, new = base.read_json("reports/features.json"), head.read_json("reports/features.json")
    before, after = set(old.get("kept", ())), set(new.get("kept", ()))
    why = {row["feature"]: row["verdict"] for row in new.get("features", ())}
    known = {(proxy["feature"], proxy["attribute"]) for proxy in _list_proxies(old)}
    return {
        "added": sorted(after - before),
        "dropped": {name: why.get(name, "no longer in the table") for name in sorted(before - after)},
        "kept": len(after),
        "new_proxies": [proxy for proxy in _list_proxies(new) if (proxy["feature"], proxy["attribute"]) not in known],
    }


def _list_proxies(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Of what the models see."""
    kept = set(report.get("kept", ()))
    return [
        {"feature": row["feature"], "attribute": attribute, "auc": auc}
        for row in report.get("features", ())
        if row["feature"] in kept
        for attribute, auc in (row.get("proxy") or {}).items()
        if auc is not None and auc >= PROXY_AUC
    ]


def compare_data(base: Revision, head: Revision) -> dict[str, Any]:
    """The contract, the numbers of rows, and the tables whose hash in dvc.lock is another."""
    old, new = base.read_json("reports/validation.json"), head.read_json("reports/validation.json")
    counts = {name: [old.get(name), new.get(name)] for name in ("rows", "accepted", "quarantined")}
    test = [_count_test_rows(side) for side in (base, head)]
    counts["train"] = [
        None if None in pair else pair[0] - pair[1] for pair in zip(counts["accepted"], test, strict=True)
    ]
    counts["test"] = test
    tables = [
        (path, base.dvc_outputs.get(path), md5) for path, md5 in head.dvc_outputs.items() if path.startswith("data/")
    ]
    contracts = [base.contract_path, head.contract_path]
    return {
        "contract": contracts,
        "contract_changed": contracts[0] != contracts[1]
        or base.read_text(contracts[0]) != head.read_text(contracts[1]),
        "counts": counts,
        "changed": [path for path, before, after in tables if before != after and path != "data/predictions"],
    }


def _count_test_rows(revision: Revision) -> int | None:
    """Every candidate is measured on all test rows; the other accepted rows are those of training."""
    rows: list[int] = [of["rows"] for of in revision.read_json("reports/metrics.json").values() if "rows" in of]
    return rows[0] if rows else None


def compare_params(base: Revision, head: Revision) -> dict[str, list[Any]]:
    """By the path of the key, base and head; a key that is not there counts as null."""
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

"""Which part of the version a change deserves, read from what two commits hold."""

from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

from credit.common.errors import CreditError, Problem
from credit.registry.names import Version
from credit.reports.features import FeaturesReport, KeptFeatures
from release.repository.git import read_text_at

PARTS = ("major", "minor", "patch")


class Bump(NamedTuple):
    """The part that goes up, and why."""

    part: str
    why: str


def propose_version(last: Version | None, base: str | None, head: str) -> tuple[Version, Bump]:
    """The version that a commit should have after the last one. `base`: the commit of that, `head`: the new one."""
    if last is None or base is None:
        return Version(1, 0, 0), Bump("major", "the first version")
    found = choose_bump(lambda path: read_text_at(base, path), lambda path: read_text_at(head, path))
    return last.bump(found.part), found


def choose_bump(before: Callable[[str], str | None], after: Callable[[str], str | None]) -> Bump:
    """Label or policy changed: major. Features or contract changed: minor. Anything else: patch.

    `before` and `after` give a file of the repository by its path, None when it was not there.
    """
    old, new = _read_version_inputs(before), _read_version_inputs(after)
    changed = [name for name in old if old[name] != new[name]]
    for part, names in (("major", ("dataset", "label", "policy")), ("minor", ("features", "contract"))):
        those = [name for name in names if name in changed]
        if those:
            return Bump(part, f"the {' and the '.join(those)} changed")
    return Bump("patch", "neither label nor policy, features nor contract changed")


def _read_version_inputs(read: Callable[[str], str | None]) -> dict[str, Any]:
    params = _parse_mapping(read, "params.yaml")
    dataset = (params.get("data") or {}).get("contract")
    contract = _parse_mapping(read, f"data/contracts/{dataset}.yaml")
    features = read(FeaturesReport.PATH)
    kept = KeptFeatures.parse(features, f"{FeaturesReport.PATH}, as committed").kept if features is not None else ()
    train, fairness = params.get("train") or {}, params.get("fairness") or {}
    columns = contract.get("columns") or {}
    labels = {name: column for name, column in columns.items() if column.get("role") == "label"}
    return {
        "dataset": dataset,
        "label": labels,
        "policy": [train.get("policy"), train.get("heuristic"), fairness.get("policy"), _select_limits(fairness)],
        "features": sorted(kept),
        "contract": contract,
    }


def _parse_mapping(read: Callable[[str], str | None], path: str) -> dict[str, Any]:
    """A YAML file of a commit; empty when it was not there. Raises CreditError when it has no keys."""
    text = read(path) or "{}"
    try:
        content = yaml.safe_load(text) or {}
    except (ValueError, yaml.YAMLError):
        content = None
    if not isinstance(content, dict):
        mend = "without it nobody can tell which part of the version goes up; mend and commit it"
        raise CreditError(
            Problem(f"{path}, as committed", "no keys with values", "the file as the pipeline reads it", mend)
        )
    return content


def _select_limits(fairness: dict[str, Any]) -> Any:
    return (fairness.get("policies") or {}).get(fairness.get("policy")), fairness.get("rules")

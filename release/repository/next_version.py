"""Propose the next version: which part a change raises, read from the files of two commits.

Only tags in the history of the registered commit count: else anybody who may push a tag on a branch of their own would
choose the number, and the commit that the change is compared with.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml

from credit.common.errors import CreditError, Problem
from credit.registry.names import ARTIFACT, Version, parse_version
from credit.reports.choice import Choice
from credit.reports.features import FeaturesReport, KeptFeatures
from release.repository.git import read_text_at, run_git
from release.repository.tags import Registry, Tag


class Bump(NamedTuple):
    """The part that goes up, and why."""

    part: str
    why: str


class VersionInputs(NamedTuple):
    """The content of a commit that decides which part goes up."""

    dataset: str | None
    label: Any
    """Its column, of the contract."""
    candidate: str | None
    """Who decides: the champion of `reports/choice.json`."""
    policy: Any
    """Everything of the params that says who is approved, and what passes."""
    features: list[str]
    contract: Any


def choose_version(registry: Registry, asked: str | None, parts: Mapping[str, bool]) -> tuple[Version, Bump]:
    """Choose the version of HEAD: `asked`, or the last one with the part raised that is true in `parts`, or a proposal.

    Where files do not say what changed, the proposal is a patch; `check_readiness` has the problem and lets nobody
    register it. Raises CreditError when `asked` is no version.
    """
    last = max(list_merged(registry), default=None)
    try:
        version, bump = propose_next(registry)
    except CreditError:
        if last is None:
            raise
        bump = Bump("patch", "what changed cannot be read")
        version = _find_free(registry, last.bump(bump.part), bump.part)
    if asked:
        return parse_version(asked), Bump("given", f"proposed was {version}, because {bump.why}")
    part = next((name for name, wanted in parts.items() if wanted), None)
    if part and last:
        why = f"as asked; proposed was {version}, because {bump.why}"
        return _find_free(registry, last.bump(part), part), Bump(part, why)
    return version, bump


def propose_next(registry: Registry) -> tuple[Version, Bump]:
    """Propose the version of HEAD. Raises CreditError when a file that the proposal depends on cannot be read."""
    merged = list_merged(registry)
    last = max(merged, default=None)
    version, bump = propose_version(last, merged[last].commit if last else None, "HEAD")
    return _find_free(registry, version, bump.part), bump


def list_merged(registry: Registry) -> dict[Version, Tag]:
    """List the versions whose commit is in the history of HEAD."""
    if not registry.versions:
        return {}
    names = run_git("for-each-ref", "--merged=HEAD", "--format=%(refname:strip=2)", f"refs/tags/{ARTIFACT}@*")
    merged = set(names.splitlines())
    return {version: tag for version, tag in registry.versions.items() if tag.name in merged}


def describe_left_out(registry: Registry) -> list[str]:
    """Describe the versions that do not count for the next one; their numbers are taken all the same."""
    merged = list_merged(registry)
    return [
        f"{version} does not count for the next version: git tag {tag.name} of {tag.tagger} is on commit "
        f"{tag.commit[:10]}, which is not in the history of this one"
        for version, tag in sorted(registry.versions.items())
        if version not in merged
    ]


def _find_free(registry: Registry, version: Version, part: str) -> Version:
    """Find the first version from this one on that no tag has, not even one that does not count."""
    while version in registry.versions:
        version = version.bump(part)
    return version


def propose_version(last: Version | None, base: str | None, head: str) -> tuple[Version, Bump]:
    """Propose a commit's version. `last`: the one before it, at the commit `base`; `head`: the new commit."""
    if last is None or base is None:
        return Version(1, 0, 0), Bump("major", "the first version")
    found = choose_bump(lambda path: read_text_at(base, path), lambda path: read_text_at(head, path))
    return last.bump(found.part), found


def choose_bump(before: Callable[[str], str | None], after: Callable[[str], str | None]) -> Bump:
    """Choose the part to raise.

    Major for another label, candidate or policy, minor for other features or another contract, else patch.
    `before` and `after` give a file of the repository by its path, None when it was not there.
    """
    old, new = _read_version_inputs(before), _read_version_inputs(after)
    changed = [name for name, was, now in zip(VersionInputs._fields, old, new, strict=True) if was != now]
    for part, names in (("major", ("dataset", "label", "candidate", "policy")), ("minor", ("features", "contract"))):
        those = [name for name in names if name in changed]
        if those:
            return Bump(part, f"the {' and the '.join(those)} changed")
    return Bump("patch", "neither label, candidate nor policy, features nor contract changed")


def _read_version_inputs(read: Callable[[str], str | None]) -> VersionInputs:
    params = _parse_mapping(read, "params.yaml")
    dataset = (params.get("data") or {}).get("contract")
    contract = _parse_mapping(read, f"data/contracts/{dataset}.yaml")
    features = read(FeaturesReport.PATH)
    kept = KeptFeatures.parse(features, f"{FeaturesReport.PATH}, as committed").kept if features is not None else ()
    train, fairness = params.get("train") or {}, params.get("fairness") or {}
    columns = contract.get("columns") or {}
    label = {name: column for name, column in columns.items() if column.get("role") == "label"}
    limits = (fairness.get("policies") or {}).get(fairness.get("policy")), fairness.get("rules")
    scores = [column.get("threshold") for column in columns.values() if column.get("role") == "score"]
    rule = [train.get("heuristic"), contract.get("rule"), scores]
    policy = [train.get("policy"), rule, fairness.get("policy"), limits]
    candidate = _parse_mapping(read, Choice.PATH).get("champion")
    return VersionInputs(dataset, label, candidate, policy, sorted(kept), contract)


def _parse_mapping(read: Callable[[str], str | None], path: str) -> dict[str, Any]:
    """Parse a YAML file of a commit; empty when it was not there. Raises CreditError when it has no keys."""
    text = read(path) or "{}"
    try:
        content = yaml.safe_load(text) or {}
    except (ValueError, yaml.YAMLError):
        content = None
    if not isinstance(content, dict):
        fix = "the next version depends on it; fix and commit it"
        raise CreditError(
            Problem(f"{path}, as committed", "no keys with values", "the file as the pipeline reads it", fix)
        )
    return content

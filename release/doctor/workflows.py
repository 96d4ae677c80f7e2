"""What the workflows need of GitHub's settings, read from the workflows themselves."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from credit.common.files import read_yaml
from credit.registry.names import ENVIRONMENTS

WORKFLOWS_FOLDER = Path(".github/workflows")
REQUIRED_CHECKS = ("gates", "tests", "results")
"""The jobs without which nothing may be merged into main."""

_USED = re.compile(r"\b(vars|secrets)\.([A-Z][A-Z0-9_]*)")
_CHOSEN = "${{ inputs.environment }}"
_GIVEN = {"GITHUB_TOKEN"}
"""What GitHub sets by itself."""


class Need(NamedTuple):
    """A variable or a secret that workflows read; `environment`: of GitHub, None where a job has none."""

    kind: str
    name: str
    environment: str | None


def list_needs(folder: Path = WORKFLOWS_FOLDER, places: Sequence[str] = ENVIRONMENTS) -> list[Need]:
    """List what the jobs of all workflows read, each once, in order. `places`: where a version can be live."""
    found = {need for content in _read_workflows(folder) for need in _find_needs(content, places)}
    return sorted(found, key=lambda need: (need.kind, need.environment or "", need.name))


def list_environments(folder: Path = WORKFLOWS_FOLDER, places: Sequence[str] = ENVIRONMENTS) -> list[str]:
    """List the environments of GitHub that jobs run in: those where a version can be live, then the others."""
    jobs = [job for content in _read_workflows(folder) for job in _list_jobs(content)]
    named = {one for job in jobs for one in _find_environments(job, places)}
    return [*(name for name in places if name in named), *sorted(named - {*places})]


def list_checks(folder: Path = WORKFLOWS_FOLDER) -> set[str]:
    """List the names of the jobs that run for a pull request."""
    checks = set()
    for content in _read_workflows(folder):
        events = content.get(True) or content.get("on") or {}  # YAML 1.1 reads `on` as true
        if {"pull_request", "pull_request_target"} & {*events}:
            checks |= {str(job.get("name")) for job in _list_jobs(content)}
    return checks


def _read_workflows(folder: Path) -> list[dict[Any, Any]]:
    """Read every workflow, of which some may be a project's own; GitHub takes both endings of YAML."""
    contents = [read_yaml(path) for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])]
    return [content for content in contents if isinstance(content, dict)]


def _list_jobs(content: dict[Any, Any]) -> list[dict[str, Any]]:
    return list((content.get("jobs") or {}).values())


def _find_needs(content: dict[Any, Any], places: Sequence[str]) -> Iterator[Need]:
    for job in _list_jobs(content):
        for kind, name in _USED.findall(f"{content.get('env')} {job}"):
            if name in _GIVEN:
                continue
            if kind == "vars":
                yield Need("variable", name, None)
            for environment in _find_environments(job, places) or (None,) if kind == "secrets" else ():
                yield Need("secret", name, environment)


def _find_environments(job: dict[str, Any], places: Sequence[str]) -> list[str]:
    name = job.get("environment")
    if isinstance(name, dict):  # with the address that GitHub shows
        name = name.get("name")
    if name is None:
        return []
    return list(places) if name == _CHOSEN else [str(name)]

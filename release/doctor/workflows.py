"""What the workflows need of GitHub's settings, read from the workflows themselves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from credit.common.files import read_yaml
from credit.registry.names import ENVIRONMENTS

WORKFLOWS_FOLDER = Path(".github/workflows")
REQUIRED_CHECKS = ("gates", "tests", "results")
"""The jobs without which nothing may be merged into main."""

_USED = re.compile(r"\b(vars|secrets)\.([A-Z][A-Z0-9_]*)")
_CHOSEN = "${{ inputs.environment }}"


class Need(NamedTuple):
    """A variable or a secret that workflows read; `environment`: of GitHub, None where a job has none."""

    kind: str
    name: str
    environment: str | None


def list_needs(folder: Path = WORKFLOWS_FOLDER) -> list[Need]:
    """List what the jobs of all workflows read, each once, in order."""
    found = {need for path in sorted(folder.glob("*.yml")) for need in _find_needs(read_yaml(path))}
    return sorted(found, key=lambda need: (need.kind, need.environment or "", need.name))


def list_environments(folder: Path = WORKFLOWS_FOLDER) -> list[str]:
    """List the environments of GitHub that jobs run in: those where a version can be live, then the others."""
    named = {
        one for path in folder.glob("*.yml") for job in _list_jobs(read_yaml(path)) for one in _find_environments(job)
    }
    return [*(name for name in ENVIRONMENTS if name in named), *sorted(named - {*ENVIRONMENTS})]


def list_checks(folder: Path = WORKFLOWS_FOLDER) -> set[str]:
    """List the names of the jobs that run for a pull request."""
    checks = set()
    for path in folder.glob("*.yml"):
        content = read_yaml(path)
        events = content.get(True) or content.get("on") or {}  # YAML 1.1 reads `on` as true
        if {"pull_request", "pull_request_target"} & {*events}:
            checks |= {str(job.get("name")) for job in _list_jobs(content)}
    return checks


def _list_jobs(content: Any) -> list[dict[str, Any]]:
    return list(content["jobs"].values())


def _find_needs(content: Any) -> Iterator[Need]:
    for job in _list_jobs(content):
        for kind, name in _USED.findall(str(job)):
            if kind == "vars":
                yield Need("variable", name, None)
            for environment in _find_environments(job) or (None,) if kind == "secrets" else ():
                yield Need("secret", name, environment)


def _find_environments(job: dict[str, Any]) -> list[str]:
    name = job.get("environment")
    if name is None:
        return []
    return list(ENVIRONMENTS) if name == _CHOSEN else [str(name)]

"""Check the settings on GitHub by its command line; without it, or without a token, they are named as not checked."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from credit.common.errors import CreditError
from release.doctor.checklist import CHECKLIST_FILE
from release.doctor.checkup import Result, State
from release.doctor.purposes import find_purpose
from release.doctor.workflows import REQUIRED_CHECKS, WORKFLOWS_FOLDER, list_environments, list_needs
from release.judge.owners import FILE
from release.repository.git import run_git
from release.running.github import run_gh

_FIX = f"a person looks: {CHECKLIST_FILE}, or release checklist"


def check_github() -> Iterator[Result]:
    """Check the owners, variables, secrets, environments and the rules of main."""
    if not WORKFLOWS_FOLDER.is_dir():
        return
    has_owners = Path(FILE).exists()
    fix = "" if has_owners else "release codeowners OWNER"
    yield Result("code owners", State.OK if has_owners else State.PROBLEM, FILE if has_owners else f"no {FILE}", fix)
    if (why := _find_obstacle()) is not None:
        for what in ("environments", "variables", "secrets", "rules of main"):
            yield Result(f"GitHub: {what}", State.NOT_CHECKED, why, _FIX)
        return
    there = _ask("environments", "api", "repos/{owner}/{repo}/environments", "--jq", "[.environments[].name]")
    fix = "gh api --method PUT repos/{owner}/{repo}/environments/%s"
    yield from _compare("environments", list_environments(), there, fix)
    yield from _check_needs()
    rules = "[.[].parameters.required_status_checks // [] | .[].context]"
    there = _ask("rules of main", "api", "repos/{owner}/{repo}/rules/branches/main", "--jq", rules)
    yield from _compare("rules of main", REQUIRED_CHECKS, there, "require the check %s in the rules of main")


def _check_needs() -> Iterator[Result]:
    needs = [need for need in list_needs() if not find_purpose(need.name).is_optional]
    places = dict.fromkeys((need.kind, need.environment) for need in needs)
    for kind, environment in places:
        names = [need.name for need in needs if (need.kind, need.environment) == (kind, environment)]
        option = ["--env", environment] if environment else []
        what = f"{kind}s of {environment}" if environment else f"{kind}s"
        there = _ask(what, kind, "list", *option, "--json", "name", "--jq", "[.[].name]")
        yield from _compare(what, names, there, " ".join(["gh", kind, "set", "%s", *option]))


def _compare(what: str, wanted: Any, there: list[str] | Result, fix: str) -> Iterator[Result]:
    """Compare names that there must be with those that there are."""
    if isinstance(there, Result):
        yield there
        return
    missing = [name for name in wanted if name not in there]
    if not missing:
        yield Result(f"GitHub: {what}", State.OK, ", ".join(wanted))
    for name in missing:
        yield Result(f"GitHub: {what}", State.PROBLEM, f"no {name}", fix % name)


def _ask(what: str, *words: str) -> list[str] | Result:
    """Ask GitHub for a list of names; what it may not say to this token is not checked."""
    done = run_gh(*words)
    if done.returncode == 0:
        try:
            names = json.loads(done.stdout or "[]")
        except ValueError:
            names = None
        if isinstance(names, list):
            return [str(name) for name in names]
    lines = (done.stderr or "no list of names").strip().splitlines()
    return Result(f"GitHub: {what}", State.NOT_CHECKED, lines[0][:200], _FIX)


def _find_obstacle() -> str | None:
    """Find why GitHub cannot be asked; None when it can."""
    if shutil.which("gh") is None:
        return "the command gh is not installed"
    try:
        address = run_git("remote", "get-url", "origin").strip()
    except CreditError:
        return "there is no remote origin"
    if not address.startswith(("https://", "ssh://", "git@")):
        return f"origin is {address}, no place on GitHub"
    if not (os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")) and run_gh("auth", "status").returncode:
        return "gh has no token: gh auth login, or GH_TOKEN"
    return None

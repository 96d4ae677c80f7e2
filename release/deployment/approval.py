"""The second person, who approved a deployment: GitHub's environment asks, and the ledger's entry says who."""

import os

from credit.common.errors import CreditError, Problem
from credit.registry.records import remove_control_characters
from release.deployment.change import Change
from release.repository.git import find_actor
from release.running.github import run_gh

APPROVER_VARIABLE = "RELEASE_APPROVER"
"""Who approved, with commas between several; where it is not set, GitHub is asked about the run of the workflow."""

_APPROVED = '[.[] | select(.state == "approved") | .user.login] | unique | join(",")'

ASKING = ("prod",)
"""The environments that nobody deploys to alone. A rollback and the rule wait for nobody."""


def find_approver() -> str | None:
    """Find who approved beside the person who deploys; None when nobody did."""
    actor, said = find_actor().casefold(), os.environ.get(APPROVER_VARIABLE)
    names = map(remove_control_characters, (_ask_github() if said is None else said).split(","))
    return ", ".join(name for name in names if name and name.casefold() != actor) or None


def _ask_github() -> str:
    """Ask GitHub who approved the run that this is part of; without an answer it was nobody."""
    repository, run = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_RUN_ID")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not repository or not run:
        return ""
    done = run_gh("api", f"repos/{repository}/actions/runs/{run}/approvals", "--jq", _APPROVED)
    return done.stdout if done.returncode == 0 else ""


def require_approval(change: Change) -> None:
    """Require a second person for a version that was not live here before. Raises CreditError on GitHub without one.

    Elsewhere nobody can be asked, and the entry says that nobody was.
    """
    entry = change.entry
    if entry is None or not change.is_deployment or change.environment not in ASKING or entry.approver:
        return
    if os.environ.get("GITHUB_ACTIONS") == "true":
        fix = "Settings, Environments, prod: required reviewers, and prevent self-review; then run it again"
        found = f"nobody but {entry.actor} approved this run"
        raise CreditError(Problem(f"environment {change.environment}", found, "a second person", fix))

"""The page of what only a person can do on GitHub, made of what the workflows need."""

from collections.abc import Sequence
from pathlib import Path

from credit.registry.names import ARTIFACT, ENVIRONMENTS
from release.doctor.purposes import find_purpose
from release.doctor.workflows import REQUIRED_CHECKS, WORKFLOWS_FOLDER, Need, list_environments, list_needs
from release.judge.owners import FILE
from release.registration.gates import PRODUCTION

CHECKLIST_FILE = "docs/checklist.md"


def render_checklist(project: Path, artifact: str = ARTIFACT, places: Sequence[str] = ENVIRONMENTS) -> str:
    """Render the page for the workflows of a project, in Markdown. `artifact`, `places`: its names."""
    folder = project / WORKFLOWS_FOLDER
    needs, environments = list_needs(folder, places), list_environments(folder, places)
    parts = [
        "# What only a person can do on GitHub",
        "Made by `release checklist`, of what `.github/workflows/` reads. What can be checked from here, "
        "`release doctor` checks.",
        "## Environments\n\nSettings, Environments, New environment; each for the branch `main` alone.",
        "\n".join(_describe_environment(name) for name in environments),
        "## Variables\n\nSettings, Secrets and variables, Actions, Variables.",
        "\n".join(_describe_need(need) for need in needs if need.kind == "variable"),
        "## Secrets\n\nThose of an environment go into that environment, where no code of a pull request sees them.",
        "\n".join(_describe_need(need) for need in needs if need.kind == "secret"),
        "## Rules of main\n\nSettings, Rules, Rulesets, New branch ruleset, for `main`.",
        "\n".join(_list_rules(project, artifact)),
    ]
    return "\n\n".join(parts) + "\n"


def _describe_environment(name: str) -> str:
    if name != PRODUCTION:
        return f"- [ ] `{name}`"
    return f"- [ ] `{name}`: required reviewers, and *Prevent self-review*: nobody deploys there alone"


def _describe_need(need: Need) -> str:
    purpose = find_purpose(need.name)
    place = f" --env {need.environment}" if need.environment else ""
    where = f" in `{need.environment}`" if need.environment else ""
    may = " (may be missing)" if purpose.is_optional else ""
    return f"- [ ] `{need.name}`{where}: {purpose.text}. `gh {need.kind} set {need.name}{place}`{may}"


def _list_rules(project: Path, artifact: str) -> list[str]:
    owners = "" if (project / FILE).exists() else ", after `release codeowners OWNER` has written who they are"
    checks = ", ".join(f"`{name}`" for name in REQUIRED_CHECKS)
    return [
        "- [ ] Nobody bypasses them; no force push, no deletion",
        f"- [ ] A pull request before merging, with a review from code owners{owners}",
        "- [ ] Dismiss stale approvals when new commits are pushed",
        f"- [ ] Required checks, from the source GitHub Actions: {checks}; and branches up to date before merging",
        f"- [ ] A tag ruleset for `{artifact}@*` and `{artifact}#*`: only the workflows and who is on call make them",
    ]

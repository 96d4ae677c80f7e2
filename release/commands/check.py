"""Check whether this commit may become a version"""

import argparse
from typing import Any

from credit.common.cli import Answer

EXAMPLE = "release check"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The version to check for."""
    from release.commands.options import add_bump

    add_bump(parser)


def run(args: argparse.Namespace) -> Answer:
    """Every problem at once; exit code 1 when there is one."""
    from release.commands.options import choose_version
    from release.registration.checks import check_readiness
    from release.repository.tags import read_registry

    registry = read_registry()
    version, bump = choose_version(args, registry)
    checked = check_readiness(registry, version)
    content: dict[str, Any] = {
        "version": str(version),
        "why": bump.why,
        "commit": checked.commit,
        "digest": checked.digest,
        "ready": not checked.problems,
        "problems": [str(problem) for problem in checked.problems],
        "notes": checked.notes,
    }
    lines = [f"note: {note}" for note in checked.notes]
    if checked.problems:
        lines += [f"problem: {problem}" for problem in checked.problems]
        lines += [f"{version} cannot be registered: {len(checked.problems)} to fix"]
    else:
        lines += [f"commit {checked.commit[:10]} may become {version} ({bump.part}: {bump.why})"]
        lines += [f"next:  release register -m 'what changed' registers it as {version}"]
    return Answer(content, "\n".join(lines), 1 if checked.problems else 0)

"""Check whether this commit may become a version"""

from typing import Any

import click

from credit.common.cli import Answer
from release.commands.options import StoreCommand, add_bump
from release.registration.checks import check_readiness
from release.repository.next_version import choose_version
from release.repository.tags import read_registry


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release check")
@add_bump
def run(version: str | None, **parts: bool) -> Answer:
    """List every problem at once; exit code 1 when there is one."""
    registry = read_registry()
    chosen, bump = choose_version(registry, version, parts)
    checked = check_readiness(registry, chosen)
    content: dict[str, Any] = {
        "version": str(chosen),
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
        lines += [f"{chosen} cannot be registered: {len(checked.problems)} to fix"]
    else:
        lines += [f"commit {checked.commit[:10]} may become {chosen} ({bump.part}: {bump.why})"]
        lines += [f"next:  release register -m 'what changed' registers it as {chosen}"]
    return Answer(content, "\n".join(lines), 1 if checked.problems else 0)

"""Check all around the project: git, store, data, tools, GitHub; each line says how to fix it"""

import click

from credit.common.cli import Answer, AnsweringCommand
from release.doctor.checkup import Check, State, run_checks
from release.doctor.github import check_github
from release.doctor.places import check_remote, check_store
from release.doctor.repository import check_git, check_origin
from release.doctor.tools import check_formats, check_programs, check_python

CHECKS: dict[str, Check] = {
    "git": check_git,
    "origin": check_origin,
    "tools": check_python,
    "programs": check_programs,
    "formats": check_formats,
    "store": check_store,
    "DVC remote": check_remote,
    "GitHub": check_github,
}

EPILOG = """example:
  release doctor
  release doctor --json

Exit code 0: no problem was found; 1: at least one was. What could not be checked is named, and is no problem."""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
def run() -> Answer:
    """Run every check, whatever the others find."""
    results = list(run_checks(CHECKS))
    counts = {state: sum(one.state == state for one in results) for state in State}
    lines = [*map(str, results), ", ".join(f"{count} {state}" for state, count in counts.items())]
    content = {"counts": counts, "results": [one._asdict() for one in results]}
    return Answer(content, "\n".join(lines), 1 if counts[State.PROBLEM] else 0)

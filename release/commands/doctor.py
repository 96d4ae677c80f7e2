"""Check all around the project: git, store, data, tools, GitHub; each line says how to fix it"""

import click

from credit.common.cli import Answer, AnsweringCommand
from release.doctor.checkup import Check, State, run_checks
from release.doctor.github import check_github
from release.doctor.places import check_remote, check_store
from release.doctor.repository import check_git, check_origin
from release.doctor.tools import check_formats, check_programs, check_python

_CLONE = "run this in a clone of the project"
CHECKS = {
    "git": Check(check_git, _CLONE),
    "origin": Check(check_origin, _CLONE),
    "python": Check(check_python, "make setup"),
    "programs": Check(check_programs, _CLONE),
    "contract": Check(check_formats, "python -m credit.check lists all that is wrong"),
    "store": Check(check_store, "is its address right? RELEASE_STORE goes before release.yaml"),
    "DVC remote": Check(check_remote, _CLONE),
    "GitHub": Check(check_github, _CLONE),
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

"""Make this clone of the template your project; run again, bring the template's newest version into it."""

import sys
from pathlib import Path

import click

from credit.common import cli
from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem, run_command
from release.doctor.checklist import CHECKLIST_FILE
from release.repository.git import require_committer
from scaffold.adoption import Adoption, adopt
from scaffold.answers import ANSWERS_FILE, read_answers
from scaffold.committing import describe_changes, require_clean

EPILOG = """example:
  make adopt TEMPLATE=https://github.com/their/template
  make adopt TEMPLATE=https://github.com/their/template DATA=answers.yml DRY_RUN=1

All of it is one commit, or nothing changes; git reset --keep HEAD~1 takes it back."""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.option("--template", metavar="ADDRESS", help="the template's git address (default: the remote `template`)")
@click.option("--data", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="answers, as YAML")
@click.option("--defaults", is_flag=True, help="ask nothing: what no file answers is as copier.yml has it")
@click.option("--dry-run", is_flag=True, help="show what would change, change nothing")
def run(template: str | None, data: Path | None, defaults: bool, dry_run: bool) -> Answer:
    """Adopt or update, and say what changed."""
    require_clean()
    if not dry_run:
        require_committer()
    answers, is_first = read_answers(data) if data else {}, not Path(ANSWERS_FILE).exists()
    ask = is_first and data is None and not defaults
    if ask and not sys.stdin.isatty():
        fix = "make adopt DATA=answers.yml, or DEFAULTS=1; copier.yml has the questions"
        raise CreditError(Problem("make adopt", "questions, and no terminal to ask them on", fix=fix))
    done = adopt(template, answers, ask, dry_run)
    content = done._asdict() | {"version": str(done.version), "dry_run": dry_run}
    return Answer(content, "\n".join(_list_lines(done, is_first, dry_run)))


def _list_lines(done: Adoption, is_first: bool, dry_run: bool) -> list[str]:
    if not done.changes:
        return [f"nothing to do: this project is of the template {done.version}, its newest version"]
    notes = [f"note: {note}" for note in done.notes]
    if dry_run:
        return [
            *describe_changes(done.changes),
            *notes,
            f"nothing changed; this would be one commit, {len(done.changes)} files",
        ]
    what = f"adopted the template {done.version}" if is_first else f"updated to the template {done.version}"
    return [
        *describe_changes(done.changes),
        *notes,
        f"{what}: commit {str(done.commit)[:10]}, {len(done.changes)} files",
        "undo:  git reset --keep HEAD~1",
        f"next:  make repro, make test; then {CHECKLIST_FILE} and release doctor"
        if is_first
        else "next:  docs/upgrading.md, make lint, make test, make repro",
    ]


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m scaffold"))

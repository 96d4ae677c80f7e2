"""Draft a contract from FILE, or list with --check what a draft still leaves open."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from contract_draft.dialog.listing import build_answers_text, list_for_machines, summarize_questions
from contract_draft.dialog.terminal import ask_person
from contract_draft.draft import Draft, survey_file
from contract_draft.questions.answers import NO_ANSWERS, Answers, read_answers
from credit.check.project import describe_check
from credit.common import cli
from credit.common.errors import CreditError, Problem, run_command
from credit.common.files import format_json, write_text


@click.command(
    cls=cli.Command,
    help="Write the draft of a contract from a CSV or Parquet file, or a folder of them. On a terminal its questions "
    "are asked; else they are listed, and answered in the draft or by --answers.",
    epilog="example: python -m contract_draft applications.csv --name applications",
)
@click.argument("file", type=Path, help="the data; with --check, a contract")
@click.option("--name", metavar="NAME", help="name of the dataset (default: made of the file's name)")
@click.option("--label", metavar="COLUMN", help="the column that is the label (default: asked, by its name)")
@click.option(
    "--answers", "answered", type=Path, metavar="FILE", help="answers to questions of the draft, YAML or JSON"
)
@click.option("--questions", type=Path, metavar="FILE", help="write all answers and open questions, for --answers")
@click.option("--no-ask", is_flag=True, help="ask nothing, on a terminal too")
@click.option("--out", type=Path, metavar="OUT", help="where to write (default: data/contracts/NAME.yaml)")
@click.option("--force", is_flag=True, help="overwrite existing files")
@click.option("--check", is_flag=True, help="list what is still open or wrong in the contract FILE")
@click.option("--json", "as_json", is_flag=True, help="print the open questions as JSON, and ask nothing")
def run(
    file: Path,
    name: str | None,
    label: str | None,
    answered: Path | None,
    questions: Path | None,
    no_ask: bool,
    out: Path | None,
    force: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Write the draft, ask or list its questions, and say what to do next; or check a contract."""
    if check:
        cli.print_answer(describe_check(file))
        return
    if name is not None and not re.fullmatch(r"[\w-]+", name):
        raise CreditError(Problem("--name", repr(name), "letters, digits, _ and -", "--out says where to write"))
    name = name or re.sub(r"\W+", "_", file.name.split(".")[0]).strip("_").lower() or "dataset"
    out = out or Path("data/contracts") / f"{name}.yaml"
    for path in (out, questions):
        if path is not None and path != answered and path.exists() and not force:
            raise CreditError(Problem(str(path), "exists already", fix="choose another --name or --out, or --force"))
    answers = read_answers(answered) if answered else NO_ANSWERS
    if label is not None:
        answers = answers.add("label", {"": label})
    is_asking = not (no_ask or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    kept = questions or out.with_suffix(".answers.yaml")
    if is_asking and answered is None and kept != questions and kept.exists():
        fix = f"--answers {shlex.quote(str(kept))} goes on with them; to begin anew, remove it"
        raise CreditError(Problem(str(kept), "answers of an earlier walk", fix=fix))
    draft = _make_draft(file, name, answers, kept if is_asking else None)
    if is_asking and draft.answers != answers:
        questions = kept
    if questions is not None:
        _keep_answers(draft, name, questions)
    write_text(out, draft.text)
    if as_json:
        cli.print_answer(format_json({"contract": str(out), "questions": list_for_machines(draft)}).rstrip())
        return
    told = [_tell_what_next(draft, out, questions)]
    if is_asking and draft.questions and questions is not None:
        words = map(str, [file, "--name", name, "--out", out, "--answers", questions, "--force"])
        told.append(f"  go on:     python -m contract_draft {shlex.join(words)}")
    cli.print_answer("\n".join(told))


def _make_draft(file: Path, name: str, answers: Answers, kept: Path | None) -> Draft:
    """Make the draft of a file; with `kept`, ask a person, and keep each answer there."""
    with survey_file(file) as survey:
        if kept is None:
            return survey.draft(name, answers)
        return ask_person(lambda all_: survey.draft(name, all_), answers, lambda one: _keep_answers(one, name, kept))


def _keep_answers(draft: Draft, name: str, path: Path) -> None:
    """Write all answers, and what is open, for `--answers`."""
    write_text(path, build_answers_text(draft, name))


def _tell_what_next(draft: Draft, out: Path, questions: Path | None) -> str:
    check = f"python -m contract_draft --check {shlex.quote(str(out))}"
    told = [f"wrote {questions}: answers and open questions, for --answers"] if questions else []
    if not draft.questions:
        return "\n".join([f"wrote {out}: no question is open", *told, f"  then:      {check}"])
    return "\n".join(
        [
            f"wrote {out}: {len(draft.questions)} questions to answer, each a value that begins with `?`",
            summarize_questions(draft),
            *told,
            f"  see them:  grep -n '[\"]? ' {shlex.quote(str(out))}",
            f"  then:      {check}",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    cli.run(run, "python -m contract_draft", arguments)


if __name__ == "__main__":
    run_command(main)

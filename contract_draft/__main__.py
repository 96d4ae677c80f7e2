"""Draft a contract from FILE, or list with --check what a draft still leaves open."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from contract_draft.draft import draft_contract
from credit.check.project import describe_check
from credit.common import cli
from credit.common.errors import CreditError, Problem, run_command
from credit.common.files import write_text


@click.command(
    cls=cli.Command,
    help="Write the draft of a contract from a CSV or Parquet file, or a folder of them.",
    epilog="example: python -m contract_draft applications.csv --name applications",
)
@click.argument("file", type=Path, help="the data; with --check, a contract")
@click.option("--name", metavar="NAME", help="name of the dataset (default: made of the file's name)")
@click.option("--label", metavar="COLUMN", help="the column that is the label (default: asked, by its name)")
@click.option("--out", type=Path, metavar="OUT", help="where to write (default: data/contracts/NAME.yaml)")
@click.option("--force", is_flag=True, help="overwrite an existing file")
@click.option("--check", is_flag=True, help="list what is still open or wrong in the contract FILE")
def run(file: Path, name: str | None, label: str | None, out: Path | None, force: bool, check: bool) -> None:
    """Write the draft and say what to do next; or check a contract."""
    if check:
        cli.print_answer(describe_check(file))
        return
    if name is not None and not re.fullmatch(r"[\w-]+", name):
        raise CreditError(Problem("--name", repr(name), "letters, digits, _ and -", "--out says where to write"))
    name = name or re.sub(r"\W+", "_", file.name.split(".")[0]).strip("_").lower() or "dataset"
    out = out or Path("data/contracts") / f"{name}.yaml"
    if out.exists() and not force:
        fix = "choose another --name or --out, or --force"
        raise CreditError(Problem(str(out), "exists already", fix=fix))
    text, asked = draft_contract(file, name, label)
    write_text(out, text)
    print(
        f"wrote {out}: {asked} questions to answer, each a value that begins with `?`\n"
        f"  see them:  grep -n '[\"]? ' {shlex.quote(str(out))}\n"
        f"  then:      python -m contract_draft --check {shlex.quote(str(out))}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    cli.run(run, "python -m contract_draft", arguments)


if __name__ == "__main__":
    run_command(main)

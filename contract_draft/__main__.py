"""Draft a contract from FILE, or list with --check what a draft still leaves open."""

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from contract_draft.draft import draft_contract
from credit.common.errors import CreditError, Problem, run_command
from credit.common.files import write_text
from credit.contract import load_contract


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m contract_draft",
        description="Write the draft of a contract from a CSV or Parquet file, or a folder of them.",
        epilog="example: python -m contract_draft applications.csv --name applications",
    )
    parser.add_argument("file", type=Path, help="the data; with --check, a contract")
    parser.add_argument("--name", help="name of the dataset (default: made of the file's name)")
    parser.add_argument("--out", type=Path, help="where to write (default: data/contracts/NAME.yaml)")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.add_argument("--check", action="store_true", help="list what is still open or wrong in the contract FILE")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, write the draft and say what to do next; or check a contract."""
    chosen = _build_parser().parse_args(arguments)
    if chosen.check:
        contract = load_contract(chosen.file)
        print(f"{chosen.file}: complete; {len(contract.columns)} columns, {len(contract.features)} of them features")
        return
    if chosen.name is not None and not re.fullmatch(r"[\w-]+", chosen.name):
        raise CreditError(Problem("--name", repr(chosen.name), "letters, digits, _ and -", "--out says where to write"))
    name = chosen.name or re.sub(r"\W+", "_", chosen.file.name.split(".")[0]).strip("_").lower() or "dataset"
    out = chosen.out or Path("data/contracts") / f"{name}.yaml"
    if out.exists() and not chosen.force:
        fix = "choose another --name or --out, or --force"
        raise CreditError(Problem(str(out), "exists already", fix=fix))
    text, asked = draft_contract(chosen.file, name)
    write_text(out, text)
    print(
        f"wrote {out}: {asked} questions to answer, each a value that begins with `?`\n"
        f"  see them:  grep -n '[\"]? ' {shlex.quote(str(out))}\n"
        f"  then:      python -m contract_draft --check {shlex.quote(str(out))}"
    )


if __name__ == "__main__":
    run_command(main)

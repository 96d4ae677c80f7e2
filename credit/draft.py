"""Write the draft of a contract from a CSV or Parquet file, for a person to complete.

    python -m credit.draft applications.csv

Facts of the file are written as values: types, whether values are missing, the values of categories. Whatever is
a judgement is written as a question, a value that begins with `?` and goes on with a proposal; `load_contract`
refuses a contract as long as one is left. Questions are: the role of every column that a name or its content makes
suspicious (and what follows from that role), codes for missing values, and what no file says (source, licence, row).

A person who must confirm 200 times that a plain feature is a feature stops reading, and misses the one that is not.
So plain features carry no question of their own; one question, `reviewed`, asks who went through the list of them.
"""

import argparse
import re
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from credit import entry, grouping, proposal
from credit.annotated import block, mapping
from credit.contract import load_contract
from credit.entry import Ask, Field
from credit.errors import CreditError, Problem, raise_if_any, run
from credit.family import Fold, folds
from credit.leak import tells
from credit.profile import Look, look_at
from credit.proposal import Guess
from credit.rawtable import raw_table

_HEADER = """\
Draft of a contract for {file}: {rows:,} rows, {columns:,} columns.
A value that begins with `?` is a question. Replace it by your answer; where the proposal behind the `?` is right,
delete `? `, and the quotes too if it is a number, a list or true or false. Comments say what to decide.
A column without a question looks like a plain feature or is not in doubt: `reviewed` asks you to confirm that.
Give every feature a `description`, and as `reason` the words for an applicant when it counts against them.
A `range` in a comment is what the file shows, not a limit: write down limits that you know.
"""


def draft(path: Path, name: str) -> tuple[str, int]:
    """The YAML text of a draft, and how many questions it asks. The same file gives the same text."""
    with raw_table(path) as table:
        looks = look_at(table)
        label = proposal.likely_label(looks)
        telling = tells(table, looks, label) if label else {}
    raise_if_any(_mark_problems(looks, str(path)))
    guesses = proposal.guesses(looks, label, telling)
    columns, families = _entries(looks, guesses)
    plain = [column for column, guess in guesses.items() if guess.role == "feature"]
    top = [
        Field("name", name),
        Field("row", Ask("What one row is: one application of one person, on which day, where")),
    ]
    source = [
        Field("title", Ask("Where the data comes from")),
        Field("licence", Ask("The licence, or the ground on which the data may be used")),
        Field("citation", Ask("How to cite or find the source")),
    ]
    reviewed = Field("reviewed", Ask("Who went through the plain features listed above, and when"))
    lines = [f"# {line}" for line in _HEADER.format(file=path.name, rows=table.rows, columns=len(looks)).splitlines()]
    lines += [*block(top, 0), "source:", *block(source, 2)]
    lines += [*_wrapped(f"Plain features ({len(plain):,}): {_few(plain)}"), *block([reviewed], 0), "", "columns:"]
    lines += mapping(columns)
    lines += ["", "families:", *mapping(families)] if families else []
    asked = entry.question_count([top, source, [reviewed], *columns.values(), *families.values()])
    return "\n".join(lines) + "\n", asked


def _mark_problems(looks: Sequence[Look], file: str) -> list[Problem]:
    return [
        Problem(f"{file}: {look.name}", f"the value {text!r}", "no `?` at its start: it marks a question in a contract")
        for look in looks
        if look.type == "category"
        for text, _ in look.values
        if text.startswith("?")
    ]


def _entries(
    looks: Sequence[Look], guesses: Mapping[str, Guess]
) -> tuple[dict[str, list[Field]], dict[str, list[Field]]]:
    """The columns and the families: name to fields, derived columns last."""
    folded = folds(looks, guesses)
    members = {name for fold in folded for name in fold.members}
    columns: dict[str, list[Field]] = {}
    derived: dict[str, list[Field]] = {}
    taken = {look.name.casefold() for look in looks}
    for look in looks:
        guess = guesses[look.name]
        if look.name in members:
            continue
        name = grouping.free_name(look, guess, taken)
        columns[look.name] = entry.fields(look, guess, name)
        if name:
            taken.add(name.casefold())
            derived[name] = grouping.fields(look, guess)
    families = {fold.name: _family(fold) for fold in folded}
    return {**columns, **derived}, families


def _family(fold: Fold) -> list[Field]:
    pattern = Field("pattern", fold.pattern, f"{len(fold.members):,} columns: {_few(fold.members)}")
    described = Field("description", Ask("What these columns hold, and in which unit"))
    return [pattern, *entry.fields(fold.look, fold.guess)[:-1], described]


def _wrapped(comment: str) -> list[str]:
    return textwrap.wrap(comment, 118, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 100 else f"{', '.join(names[:3])}, ..., {names[-1]} ({len(names):,})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m credit.draft",
        description="Write the draft of a contract from a CSV or Parquet file, or a folder of them.",
        epilog="example: python -m credit.draft applications.csv --name applications",
    )
    parser.add_argument("file", type=Path, help="the data; with --check, a contract")
    parser.add_argument("--name", help="name of the dataset (default: made of the file's name)")
    parser.add_argument("--out", type=Path, help="where to write (default: data/contracts/NAME.yaml)")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.add_argument("--check", action="store_true", help="list what is still open or wrong in the contract FILE")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, write the draft and say what to do next; or check a contract."""
    chosen = _parser().parse_args(arguments)
    if chosen.check:
        contract = load_contract(chosen.file)
        print(f"{chosen.file}: complete; {len(contract.columns)} columns, {len(contract.features)} of them features")
        return
    name = chosen.name or re.sub(r"\W+", "_", chosen.file.name.split(".")[0]).strip("_").lower() or "dataset"
    out = chosen.out or Path("data/contracts") / f"{name}.yaml"
    if out.exists() and not chosen.force:
        mend = "choose another --name or --out, or --force"
        raise CreditError(Problem(str(out), "a contract that exists already", "a new file", mend))
    text, asked = draft(chosen.file, name)
    _write(out, text)
    print(
        f"wrote {out}: {asked} questions to answer, each a value that begins with `?`\n"
        f"  see them:  grep -n '[\"]? ' {out}\n"
        f"  then:      python -m credit.draft --check {out}"
    )


def _write(out: Path, text: str) -> None:
    """Write all or nothing: an interrupted run leaves no half contract."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=out.parent, delete=False) as stream:
        stream.write(text)
    Path(stream.name).chmod(0o644)
    Path(stream.name).replace(out)


if __name__ == "__main__":
    run(main)

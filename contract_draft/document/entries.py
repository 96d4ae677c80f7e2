"""The entries of a draft: what stands at its top, the columns and the families, with their questions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from contract_draft import fields
from contract_draft.ages import draft_ages, find_moment
from contract_draft.document.notes import shorten_names
from contract_draft.families import ColumnFamily, find_families
from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import Guess
from contract_draft.protected_groups import MOMENTS, choose_free_name, draft_protected_column
from contract_draft.questions.answers import Answers
from contract_draft.questions.marks import Part
from contract_draft.questions.values import settle_values
from contract_draft.values.column_profile import ColumnProfile
from credit.common.errors import Problem


class DraftedParts(NamedTuple):
    """The columns and the families, derived columns last; their profiles by name, as the file shows them.

    `asked`: the columns whose codes or levels may be answered; `problems`: answers that do not fit.
    """

    parts: dict[Part, list[DraftField]]
    looks: dict[str, ColumnProfile]
    asked: set[tuple[str, str]]
    problems: list[Problem]


def draft_top(path: Path, name: str) -> dict[Part, list[DraftField]]:
    """Draft what is above the columns: of name, row, source and reviewer no file says more than its own name."""
    row = OpenQuestion("What one row is: one application of one person, on which day, where", "row")
    licence = OpenQuestion("The licence, or the ground on which the data may be used", "licence")
    reviewed = OpenQuestion("Who went through the plain features listed above and read all texts, and when", "reviewed")
    source = [
        DraftField("title", f"The file {path.name}"),
        DraftField("licence", licence),
        DraftField("citation", f"The file {path.name}", "how to cite or find the source"),
    ]
    return {
        ("", ""): [DraftField("name", name), DraftField("row", row)],
        ("", "source"): source,
        ("", "reviewed"): [DraftField("reviewed", reviewed)],
    }


def draft_entries(looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess], answers: Answers) -> DraftedParts:
    """Draft the columns and the families, with codes and levels as they are answered."""
    folded = find_families(looks, guesses)
    members = {name for fold in folded for name in fold.members}
    columns: dict[Part, list[DraftField]] = {}
    derived: dict[Part, list[DraftField]] = {}
    shown = {look.name: look for look in looks if look.name not in members} | {fold.name: fold.look for fold in folded}
    roles = {name: guess.role for name, guess in guesses.items()} | {fold.name: fold.guess.role for fold in folded}
    kept, asked, problems = settle_values(shown, roles, answers)
    taken, moment = {look.name.casefold() for look in looks}, find_moment(looks, guesses)
    has_age = any(guesses[look.name].attribute == "age" and look.type not in MOMENTS for look in looks)
    for look in looks:
        if look.name in members:
            continue
        guess = guesses[look.name]
        is_birth = guess.attribute == "age" and look.type in MOMENTS
        name = None if is_birth and has_age else choose_free_name(look, guess, taken, moment)
        has_age |= is_birth and name is not None  # one age is enough
        columns["columns", look.name] = fields.draft_column(kept[look.name], guess, name)
        if name:
            taken.add(name.casefold())
            shown[name] = look
            derived["columns", name] = draft_protected_column(kept[look.name], guess, moment)
    ages = {("columns", name): drafted for name, drafted in draft_ages(looks, guesses, taken).items()}
    families = {("families", fold.name): _draft_family(fold, kept[fold.name]) for fold in folded}
    return DraftedParts({**columns, **derived, **ages, **families}, shown, asked, problems)


def _draft_family(fold: ColumnFamily, look: ColumnProfile) -> list[DraftField]:
    pattern = DraftField("pattern", fold.pattern, f"{len(fold.members):,} columns: {shorten_names(fold.members)}")
    return [pattern, *fields.draft_column(replace(look, name=fold.name), fold.guess)]

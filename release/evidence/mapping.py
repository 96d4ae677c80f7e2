"""The clauses of a place, and how far the files answer them. What it is worth, it never says."""

from collections.abc import Collection
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from credit.common.errors import CreditError, list_problems
from credit.common.files import read_yaml
from credit.common.invalid_values import make_value_error
from credit.common.params import Params

PLACES_FOLDER = Path(__file__).parent / "places"
State = Literal["produced", "a person must supply", "not applicable"]


class Clause(Params):
    """A clause, and exactly one answer: `files` (names may have `*`), what a `person` supplies, or why it is not ours.

    `rule`: why it does not apply to a version that decides by a rule only.
    """

    clause: str
    asks: str
    files: tuple[str, ...] = ()
    person: str | None = None
    not_applicable: str | None = None
    rule: str | None = None

    @model_validator(mode="after")
    def _check_one_answer(self) -> Self:
        if sum([bool(self.files), self.person is not None, self.not_applicable is not None]) != 1:
            raise make_value_error("no answer or several", "one of files, person, not_applicable")
        return self


class Place(Params):
    """A place with its clauses as they were read on a date."""

    title: str
    read: date = Field(strict=True)
    clauses: tuple[Clause, ...]


class ClauseAnswer(NamedTuple):
    """The state of a clause: the files that answer it, and why there are none."""

    place: str
    clause: str
    asks: str
    state: State
    files: tuple[str, ...]
    why: str


def list_places() -> list[str]:
    """List the places that have a mapping."""
    return sorted(path.stem for path in PLACES_FOLDER.glob("*.yaml"))


def load_place(name: str) -> Place:
    """Load the mapping of a place. Raises CreditError with every problem of the file."""
    path = PLACES_FOLDER / f"{name}.yaml"
    try:
        return Place.model_validate(read_yaml(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None


def answer_clauses(name: str, place: Place, files: Collection[str], by_rule: bool) -> list[ClauseAnswer]:
    """Answer every clause of a place from the files that there are. `by_rule`: the version has no model."""
    return [_answer_clause(name, clause, files, by_rule) for clause in place.clauses]


def _answer_clause(place: str, one: Clause, files: Collection[str], by_rule: bool) -> ClauseAnswer:
    head = (place, one.clause, one.asks)
    if by_rule and one.rule is not None:
        return ClauseAnswer(*head, "not applicable", (), f"this version decides by a rule only, and {one.rule}")
    if one.not_applicable is not None:
        return ClauseAnswer(*head, "not applicable", (), one.not_applicable)
    if one.person is not None:
        return ClauseAnswer(*head, "a person must supply", (), one.person)
    found = {pattern: [file for file in files if fnmatchcase(file, pattern)] for pattern in one.files}
    there = tuple(sorted({file for several in found.values() for file in several}))
    missing = [pattern for pattern, several in found.items() if not several]
    if missing:
        why = f"not in git, the bundle or DVC's remote: {', '.join(missing)}"
        return ClauseAnswer(*head, "a person must supply", there, why)
    return ClauseAnswer(*head, "produced", there, "")

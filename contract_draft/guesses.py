"""What each column of a file might be: a role, and for everything but a plain feature the reason for the guess."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_draft import name_hints
from contract_draft.column_profile import Look
from credit.contract.columns import Role

_COUNTED = 10  # fewer whole numbers in a row happen by chance


class Guess(NamedTuple):
    """A proposed role. `why` is empty for a plain feature only; `attribute` is the protected one that is suspected."""

    role: Role
    why: str = ""
    attribute: str = ""


def likely_label(looks: Sequence[Look]) -> Look | None:
    """The column that is most likely the outcome: by name, two values before more; else the last that could be."""
    fit = [look for look in looks if look.type not in ("text", "date", "timestamp") and not look.constant]
    fit = [
        look
        for look in fit
        if not (name_hints.protected_attribute(look.name) or (look.unique and len(look.values) != 2))
    ]
    two = [look for look in fit if len(look.values) == 2]
    for candidates in (two, [look for look in fit if look.values]):
        named = [(rank, look.at) for look in candidates if (rank := name_hints.outcome_rank(look.name)) is not None]
        if named:
            return looks[min(named)[1]]
    return (two or fit)[-1] if fit else None


def guesses(looks: Sequence[Look], label: Look | None, telling: Mapping[str, float]) -> dict[str, Guess]:
    """A guess for every column; at most one each of the roles id, time, label and score."""
    found: dict[str, Guess] = {}
    for look in looks:
        guess = _label(look, label) or _guess(look, telling.get(look.name), label)
        if guess.role in ("id", "time", "score") and any(guess.role == other.role for other in found.values()):
            guess = Guess("ignored", f"there is a column of role {guess.role} before it")
        found[look.name] = guess
    return found


def _label(look: Look, label: Look | None) -> Guess | None:
    if label is None or look.name != label.name:
        return None
    named = name_hints.outcome_rank(look.name) is not None
    return Guess("label", "named like an outcome" if named else "no column is named like an outcome")


def _guess(look: Look, told: float | None, label: Look | None) -> Guess:
    if look.unique and look.type in ("integer", "text", "category") and name_hints.identifies(look.name):
        return Guess("id", "a different value in every row, and named like an identifier")
    if attribute := name_hints.protected_attribute(look.name):
        return Guess("protected", f"looks like {attribute}", attribute)
    if look.unique and look.type == "integer" and (look.high or 0) - (look.low or 0) == look.rows - 1 >= _COUNTED:
        return Guess("id", "counts the rows")
    if look.constant:
        return Guess("ignored", "the same for everybody" if look.values else "empty in all rows")
    if told is not None and label is not None:
        return Guess(
            "ignored", f"tells {label.name} right in {told:.1%} of the rows: most likely known only afterwards"
        )
    if name_hints.known_afterwards(look.name):
        return Guess("ignored", "named like something that is known only with or after the decision")
    if name_hints.personal(look.name):
        return Guess("ignored", "named like something that tells who a person is")
    if name_hints.stands_in(look.name):
        return Guess("ignored", "a place may stand in for race")
    return _by_type(look)


def _by_type(look: Look) -> Guess:
    if look.type in ("date", "timestamp"):
        return Guess("time", f"a {look.type}" + (", and named like a time" if name_hints.time(look.name) else ""))
    if look.type == "text":
        return Guess("ignored", "free text, or a category of many values")
    if look.type in ("integer", "number", "boolean") and name_hints.score(look.name):
        return Guess("score", "named like a credit score")
    return Guess("feature")

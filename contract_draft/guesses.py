"""Guesses at the role of each column of a file, with a reason for every guess but a plain feature."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contract_draft import name_hints
from contract_draft.values.column_profile import ColumnProfile
from credit.common.errors import CreditError, Problem
from credit.contract.columns import ColumnRole

_MIN_COUNTER_ROWS = 10  # fewer whole numbers in a row happen by chance
_LARGEST_EXACT = 2**53  # beyond it a model's numbers are rounded, and no amount is as large


class Guess(NamedTuple):
    """A proposed role. `why` is empty for a plain feature only; `attribute` is the protected one that is suspected."""

    role: ColumnRole
    why: str = ""
    attribute: str = ""


def find_likely_label(looks: Sequence[ColumnProfile], chosen: str | None = None) -> ColumnProfile | None:
    """Find the most likely outcome: by name, two values before more; else the last column that could be it.

    chosen: the column that a person says it is. Raises CreditError when the file has none of this name.
    """
    if chosen is not None:
        given = next((look for look in looks if look.name == chosen), None)
        if given is None:
            raise CreditError(Problem("--label", chosen, f"one of {', '.join(look.name for look in looks)}"))
        return given
    fit = [look for look in looks if look.type not in ("text", "date", "timestamp") and not look.constant]
    fit = [
        look
        for look in fit
        if not (name_hints.suggest_protected_attribute(look.name) or (look.unique and len(look.values) != 2))
    ]
    two = [look for look in fit if len(look.values) == 2]
    for candidates in (two, [look for look in fit if look.values]):
        named = [(rank, look.at) for look in candidates if (rank := name_hints.rank_outcome(look.name)) is not None]
        if named:
            return looks[min(named)[1]]
    return (two or fit)[-1] if fit else None


def guess_roles(
    looks: Sequence[ColumnProfile], label: ColumnProfile | None, telling: Mapping[str, float], is_chosen: bool = False
) -> dict[str, Guess]:
    """Guess the role of every column; at most one each of the roles id, group, time, label and score.

    is_chosen: whether a person said which one the label is.
    """
    found: dict[str, Guess] = {}
    for look in looks:
        guess = _guess_label(look, label, is_chosen) or _guess_role(look, telling.get(look.name), label)
        if guess.role in ("id", "group", "time", "score") and any(guess.role == other.role for other in found.values()):
            guess = Guess("ignored", f"there is a column of role {guess.role} before it")
        found[look.name] = guess
    return found


def _guess_label(look: ColumnProfile, label: ColumnProfile | None, is_chosen: bool) -> Guess | None:
    if label is None or look.name != label.name:
        return None
    if is_chosen:
        return Guess("label", "you said so")
    named = name_hints.rank_outcome(look.name) is not None
    return Guess("label", "named like an outcome" if named else "no column is named like an outcome")


def _guess_role(look: ColumnProfile, auc: float | None, label: ColumnProfile | None) -> Guess:
    if look.unique and look.type in ("integer", "text", "category") and name_hints.is_identifier(look.name):
        return Guess("id", "a different value in every row, and named like an identifier")
    if attribute := name_hints.suggest_protected_attribute(look.name):
        return Guess("protected", f"looks like {attribute}", attribute)
    if (
        look.unique
        and look.type == "integer"
        and (look.high or 0) - (look.low or 0) == look.rows - 1 >= _MIN_COUNTER_ROWS
    ):
        return Guess("id", "counts the rows")
    if guess := _guess_identifier(look):
        return guess
    if look.constant:
        return Guess("ignored", "the same for everybody" if look.values else "empty in all rows")
    if auc is not None and label is not None:
        return Guess("ignored", f"guesses {label.name} with an AUC of {auc:.3f}: most likely known only afterwards")
    if name_hints.is_known_afterwards(look.name):
        return Guess("ignored", "named like something that is known only with or after the decision")
    if name_hints.is_personal(look.name):
        return Guess("ignored", "named like something that tells who a person is")
    if name_hints.is_weight(look.name):
        return Guess("ignored", "named like the weight that a survey gives to a row")
    if name_hints.is_place(look.name):
        return Guess("ignored", "a place may stand in for race")
    return _guess_by_type(look)


def _guess_identifier(look: ColumnProfile) -> Guess | None:
    """Guess what a column is that looks like an identifier; None for any other."""
    is_large = look.type == "integer" and max(abs(look.low or 0), abs(look.high or 0)) > _LARGEST_EXACT
    why = "numbers of so many digits" if is_large else "named like an identifier"
    if not (is_large or name_hints.ends_as_identifier(look.name)) or look.type not in ("integer", "text", "category"):
        return None
    if look.unique:
        return Guess("id", f"a different value in every row, and {why}")
    if look.values:
        return (
            Guess("feature", f"{why}: if its numbers are names, a category, or a group")
            if look.type == "integer"
            else None
        )
    return Guess(
        "group", f"{why}, and the same in several rows: one person's, who must not be on two sides of a split?"
    )


def _guess_by_type(look: ColumnProfile) -> Guess:
    if look.type in ("date", "timestamp"):
        return Guess("time", f"a {look.type}" + (", and named like a time" if name_hints.is_time(look.name) else ""))
    if look.type == "text":
        return Guess("ignored", "free text, or a category of many values")
    if look.type in ("integer", "number", "boolean") and name_hints.is_score(look.name):
        return Guess("score", "named like a credit score")
    return Guess("feature")


def is_favourable_text(label: ColumnProfile, text: str) -> bool:
    """Tell whether a text in the label's column is the value that is guessed to be good for the applicant."""
    value, _ = guess_favourable(label)
    if label.type == "boolean":
        return value is (text.casefold() in ("1", "1.0", "t", "true", "y", "yes"))
    return bool(text == value if label.type == "category" else float(text) == value)


def guess_favourable(look: ColumnProfile) -> tuple[Any, bool]:
    """Guess the value that is good for the applicant, and whether a name says so."""
    named = name_hints.is_good_for_applicant(look.name)
    if look.type == "boolean":
        return named is not False, named is not None
    if look.type == "category":
        texts = sorted(text for text, _ in look.values)
        good = [text for text in texts if name_hints.is_good_for_applicant(text)]
        good = good or [text for text in texts if text.startswith(">")]  # of `<=50K` and `>50K` more is better
        return (good or [text for text in texts if name_hints.is_good_for_applicant(text) is None] or texts)[0], bool(
            good
        )
    is_true_negative = (look.low, look.high) == (-1, 0) and len(look.values) == 2  # as Access and VBA write it
    number = look.low if (named is False) != is_true_negative else look.high
    return int(number or 0) if look.type == "integer" else float(number or 0), named is not None

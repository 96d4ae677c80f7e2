"""Guesses at the role of each column of a file, with a reason for every guess but a plain feature."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contract_draft import name_hints
from contract_draft.names.outcomes import is_good_for_applicant, is_known_afterwards, rank_outcome, read_yes_or_no
from contract_draft.names.protected import suggest_attribute_of_levels, suggest_protected_attribute
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.identifiers import LONG_NUMBERS
from credit.common.errors import CreditError, Problem
from credit.contract.columns import ColumnRole

_MIN_COUNTER_ROWS = 10  # fewer whole numbers in a row happen by chance
_MANY_ROWS = 1_000  # of so many amounts some are the same
AGE_CUTS = (25, 62)
"""Where groups of ages are cut: the law in some countries protects applicants from 62 on."""


class Guess(NamedTuple):
    """A proposed role, and why. A `kind`, the topic of a question, makes a question of it; without one it is a fact.

    `attribute`: the protected one that is suspected. `vouched`: a person says that a column which guesses the label
    nearly always is known when the decision is made. `measured`: the figure behind `why`, which the next file changes.
    `is_unsure`: another column may as well have the role, so that nobody should accept it unread.
    """

    role: ColumnRole
    why: str = ""
    attribute: str = ""
    kind: str = ""
    vouched: bool = False
    measured: str = ""
    is_unsure: bool = False

    @property
    def evidence(self) -> str:
        """The reason, with the figure where one was measured."""
        return f"{self.why} ({self.measured})" if self.measured else self.why


def find_likely_label(
    looks: Sequence[ColumnProfile], chosen: str | None = None, where: str = "label"
) -> ColumnProfile | None:
    """Find the most likely outcome: by name, two values before more; else the last column that could be it.

    chosen: the column that a person says it is, and `where`. Raises CreditError when the file has none of this name.
    """
    if chosen is not None:
        given = next((look for look in looks if look.name == chosen), None)
        if given is None:
            raise CreditError(Problem(where, repr(chosen), f"one of {', '.join(look.name for look in looks)}"))
        return given
    fit = [look for look in looks if look.type not in ("text", "date", "timestamp") and not look.constant]
    fit = [look for look in fit if not (suggest_attribute(look) or (look.unique and len(look.values) != 2))]
    two = [look for look in fit if len(look.values) == 2]
    for candidates in (two, [look for look in fit if look.values]):
        named = [(rank, look.at) for look in candidates if (rank := rank_outcome(look.name)) is not None]
        if named:
            return looks[min(named)[1]]
    return (two or fit)[-1] if fit else None


def suggest_attribute(look: ColumnProfile) -> str | None:
    """Suggest the protected attribute that a column's name or its levels hint at."""
    named = suggest_protected_attribute(look.name)
    if named or look.type != "category" or rank_outcome(look.name) is not None:
        return named
    return suggest_attribute_of_levels([text for text, _ in look.values])


def guess_roles(
    looks: Sequence[ColumnProfile], label: ColumnProfile | None, telling: Mapping[str, float], is_chosen: bool = False
) -> dict[str, Guess]:
    """Guess the role of every column; at most one each of the roles id, group, time, label and score.

    is_chosen: whether a person said which one the label is.
    """
    found: dict[str, Guess] = {}
    guesses = {
        look.name: _guess_label(look, label, is_chosen) or _guess_role(look, telling.get(look.name), label)
        for look in looks
    }
    guesses |= _choose_time([name for name, guess in guesses.items() if guess.role == "time"])
    for look in looks:
        guess = guesses[look.name]
        if guess.role in ("id", "group", "time", "score") and any(guess.role == other.role for other in found.values()):
            guess = leave_out(guess.role)
        found[look.name] = guess
    return found


def _choose_time(names: Sequence[str]) -> dict[str, Guess]:
    """Choose of several dates the day of the application, by its name; no default where two names say as much."""
    if len(names) < 2:
        return {}
    ranks = {name: name_hints.rank_application_date(name) for name in names}
    best = min(names, key=lambda name: ranks[name])
    is_unsure = ranks[best] > 1 or list(ranks.values()).count(ranks[best]) > 1
    others = ", ".join(name for name in names if name != best)
    why = f"which date is the day of the application: this one, or {others}?"
    return {name: leave_out("time") for name in names} | {
        best: Guess("time", why, kind="identifier", is_unsure=is_unsure)
    }


def leave_out(role: ColumnRole) -> Guess:
    """Leave a column out because another one has the role that only one may have."""
    return Guess("ignored", f"another column has the role {role}", kind="left_out")


def _guess_label(look: ColumnProfile, label: ColumnProfile | None, is_chosen: bool) -> Guess | None:
    if label is None or look.name != label.name:
        return None
    if is_chosen:
        return Guess("label", "you said so")
    if rank_outcome(look.name) is None:
        why = "no column is named like an outcome: the last that may be one is no more than a guess"
        return Guess("label", why, kind="label", is_unsure=True)
    return Guess("label", "named like an outcome", kind="label")


def _guess_role(look: ColumnProfile, auc: float | None, label: ColumnProfile | None) -> Guess:
    can_identify = look.may_count or look.type in ("text", "category")
    if look.unique and can_identify and name_hints.is_identifier(look.name):
        return Guess("id", "a different value in every row, and named like an identifier", kind="identifier")
    if attribute := suggest_attribute(look):
        why = "looks like" if suggest_protected_attribute(look.name) else "has levels that look like"
        return Guess("protected", f"{why} {attribute}", attribute, "protected")
    if look.unique and look.may_count and (look.high or 0) - (look.low or 0) == look.rows - 1 >= _MIN_COUNTER_ROWS:
        return Guess("id", "counts the rows", kind="identifier")
    if guess := _guess_identifier(look):
        return guess
    if look.constant:
        return Guess("ignored", "the same for everybody" if look.values else "empty in all rows")
    if auc is not None and label is not None:
        why = f"guesses {label.name} nearly always: most likely known only afterwards"
        return Guess("ignored", why, kind="leak", measured=f"AUC {auc:.3f}")
    if is_known_afterwards(look.name):
        why = "named like something that is known only with or after the decision"
        return Guess("ignored", why, kind="afterwards")
    for is_named, why in (
        (name_hints.is_personal, "named like something that tells who a person is"),
        (name_hints.is_weight, "named like the weight that a survey gives to a row"),
        (name_hints.is_place, "a place may stand in for race"),
    ):
        if is_named(look.name):
            return Guess("ignored", why, kind="left_out")
    return _guess_identifier_by_values(look) or _guess_by_type(look)


def _guess_identifier(look: ColumnProfile) -> Guess | None:
    """Guess what a column is that is called an identifier, or has numbers as only those have; None for any other."""
    is_large = look.identifying == LONG_NUMBERS
    why = LONG_NUMBERS if is_large else "named like an identifier"
    if is_large and look.type == "number":
        why = f"{why}, of which the file has lost the last: export the column as text"
        return Guess("ignored", why, kind="identifier")
    can_identify = look.may_count or look.type in ("text", "category")
    if not can_identify or not (is_large or name_hints.ends_as_identifier(look.name)):
        return None
    if look.distinct:
        which = "" if look.unique else " that has one"
        return Guess("id", f"a different value in every row{which}, and {why}", kind="identifier")
    if look.values:
        why = f"{why}: if its numbers are names, a category, or a group"
        return Guess("feature", why, kind="identifier") if look.may_count else None
    why = f"{why}, and the same in several rows: one person's, who must not be on two sides of a split?"
    return Guess("group", why, kind="identifier")


def _guess_identifier_by_values(look: ColumnProfile) -> Guess | None:
    """Guess what a column is whose values look like an identifier's, whatever it is called; no model sees a code."""
    if not look.identifying or not (look.type == "text" or look.may_count):
        return None
    if look.distinct and (look.type == "text" or "digits" in look.identifying or look.rows >= _MANY_ROWS):
        return Guess("id", f"no value is in two rows: {look.identifying}", kind="identifier")
    why = f"{look.identifying}: an id, or a group if it is one person's in several rows?"
    return Guess("ignored" if look.type == "text" else "feature", why, kind="identifier")


def _guess_by_type(look: ColumnProfile) -> Guess:
    if look.type in ("date", "timestamp"):
        why = f"a {look.type}" + (", and named like a time" if name_hints.is_time(look.name) else "")
        return Guess("time", why, kind="identifier")
    if look.unread:
        return Guess("ignored", look.unread, kind="left_out")
    if look.type == "text":
        return Guess("ignored", "free text, or a category of many values")
    if look.type in ("integer", "number", "boolean") and name_hints.is_score(look.name):
        return Guess("score", "named like a credit score", kind="score")
    return Guess("feature")


def is_favourable_text(label: ColumnProfile, text: str) -> bool:
    """Tell whether a text in the label's column is the value that is guessed to be good for the applicant."""
    value, _ = guess_favourable(label)
    if label.type == "boolean":
        return value is (text.casefold() in ("1", "1.0", "t", "true", "y", "yes"))
    return bool(text == value if label.type == "category" else float(text) == value)


def guess_favourable(look: ColumnProfile) -> tuple[Any, bool]:
    """Guess the value that is good for the applicant, and whether a name says so."""
    named = is_good_for_applicant(look.name)
    if look.type == "boolean":
        return named is not False, named is not None
    if look.type == "category":
        return _guess_favourable_level(sorted(text for text, _ in look.values), named)
    is_true_negative = (look.low, look.high) == (-1, 0) and len(look.values) == 2  # as Access and VBA write it
    number = look.low if (named is False) != is_true_negative else look.high
    return int(number or 0) if look.type == "integer" else float(number or 0), named is not None


def _guess_favourable_level(levels: Sequence[str], named: bool | None) -> tuple[str, bool]:
    """Guess the level that is good for the applicant: by its words, else by a yes or no about the column's name."""
    good = [level for level in levels if is_good_for_applicant(level)]
    good = good or [level for level in levels if level.startswith(">")]  # of `<=50K` and `>50K` more is better
    good = good or [level for level in levels if named is not None and read_yes_or_no(level) is named]
    others = [level for level in levels if is_good_for_applicant(level) is None]
    return (good or others or list(levels))[0], len(good) == 1


def list_label_values(look: ColumnProfile) -> tuple[Any, ...]:
    """List the values of a label as a contract writes them; none where it has too many."""
    if look.type == "boolean":
        return (False, True)
    if look.type == "category":
        return tuple(sorted(text for text, _ in look.values))
    return tuple(sorted({int(float(text)) if look.type == "integer" else float(text) for text, _ in look.values}))

"""Guesses at the role of each column of a file, with a reason for every guess but a plain feature."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_draft import name_hints
from contract_draft.label import find_rivals
from contract_draft.names.outcomes import is_known_afterwards, rank_outcome
from contract_draft.names.protected import suggest_attribute, suggest_protected_attribute
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.identifiers import LONG_NUMBERS
from contract_draft.values.numbering import find_alike
from credit.contract.columns import ColumnRole

_MIN_COUNTER_ROWS = 10  # fewer whole numbers in a row happen by chance
_MANY_ROWS = 1_000  # of so many amounts some are the same
_FIRST_YEAR = 1_900  # a smaller number is a day of the month, or a span of time


class Guess(NamedTuple):
    """A proposed role, and why. A `kind`, the topic of a question, makes a question of it; without one it is a fact.

    `attribute`: the protected one that is suspected. `vouched`: a person says that a column which guesses the label
    nearly always is known when the decision is made. `measured`: the figure behind `why`, which the next file changes.
    `unsure`: nothing speaks for it before others, so that nobody should accept it unread.
    """

    role: ColumnRole
    why: str = ""
    attribute: str = ""
    kind: str = ""
    vouched: bool = False
    measured: str = ""
    unsure: bool = False

    @property
    def evidence(self) -> str:
        """The reason, with the figure where one was measured."""
        return f"{self.why} ({self.measured})" if self.measured else self.why


def guess_roles(
    looks: Sequence[ColumnProfile], label: ColumnProfile | None, telling: Mapping[str, float], is_chosen: bool = False
) -> dict[str, Guess]:
    """Guess the role of every column; at most one each of the roles id, group, time, label and score.

    is_chosen: whether a person said which one the label is.
    """
    found: dict[str, Guess] = {}
    rivals, alike = find_rivals(looks, label), find_alike(looks)
    guesses = {
        look.name: _guess_label(look, label, is_chosen, rivals)
        or _guess_role(look, telling.get(look.name), label, alike.get(look.name, ()))
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
    unsure = ranks[best] > 1 or list(ranks.values()).count(ranks[best]) > 1
    others = ", ".join(name for name in names if name != best)
    why = f"which date is the day of the application: this one, or {others}?"
    return {name: leave_out("time") for name in names} | {best: Guess("time", why, kind="identifier", unsure=unsure)}


def leave_out(role: ColumnRole) -> Guess:
    """Leave a column out because another one has the role that only one may have."""
    return Guess("ignored", f"another column has the role {role}", kind="left_out")


def _guess_label(
    look: ColumnProfile, label: ColumnProfile | None, is_chosen: bool, others: Sequence[str]
) -> Guess | None:
    if label is None or look.name != label.name:
        return None
    if is_chosen:
        return Guess("label", "you said so")
    if rank_outcome(look.name) is None:
        return Guess(
            "label", "no column is named like an outcome; this is the last that may be", kind="label", unsure=True
        )
    if others:
        return Guess("label", f"named like an outcome; so is {', '.join(others)}", kind="label", unsure=True)
    return Guess("label", "named like an outcome", kind="label")


def _guess_role(
    look: ColumnProfile, auc: float | None, label: ColumnProfile | None, alike: Sequence[ColumnProfile]
) -> Guess:
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
    by_values = _guess_numbered_identifiers(look, alike) if alike else _guess_identifier_by_values(look)
    return by_values or _guess_by_type(look)


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


def _guess_numbered_identifiers(look: ColumnProfile, alike: Sequence[ColumnProfile]) -> Guess | None:
    """Guess what numbered columns are whose values look like identifiers: one question for all, and none is the id.

    Amounts of six months may be all different in one of them by chance; in all six they are asked about.
    """
    if not all(one.identifying and (one.type == "text" or one.may_count) for one in alike):
        return None
    what = "codes" if look.type == "text" else "numbers"
    why = f"numbered columns, {what} that hardly repeat in each: ids of other people or loans, or values?"
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
    if look.may_count and name_hints.is_date(look.name) and (look.low or 0) >= _FIRST_YEAR:
        why = "a number, and named like a date: a source, of which `sql` makes a date or an age?"
        return Guess("ignored", why, kind="left_out")
    return Guess("feature")

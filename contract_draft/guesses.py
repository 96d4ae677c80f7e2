"""Guesses at the role of each column of a file, with a reason for every guess but a plain feature."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_draft import name_hints
from contract_draft.label import find_rivals
from contract_draft.names.outcomes import is_known_afterwards, rank_outcome
from contract_draft.names.protected import suggest_attribute, suggest_protected_attribute
from contract_draft.values.column_profile import ColumnProfile
from credit.contract.columns import ColumnRole

_MIN_COUNTER_ROWS = 10  # fewer whole numbers in a row happen by chance
_LARGEST_EXACT = 2**53  # beyond it a model's numbers are rounded, and no amount is as large


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
    others = find_rivals(looks, label)
    for look in looks:
        guess = _guess_label(look, label, is_chosen, others) or _guess_role(look, telling.get(look.name), label)
        if guess.role in ("id", "group", "time", "score") and any(guess.role == other.role for other in found.values()):
            guess = leave_out(guess.role)
        found[look.name] = guess
    return found


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


def _guess_role(look: ColumnProfile, auc: float | None, label: ColumnProfile | None) -> Guess:
    if look.unique and look.type in ("integer", "text", "category") and name_hints.is_identifier(look.name):
        return Guess("id", "a different value in every row, and named like an identifier", kind="identifier")
    if attribute := suggest_attribute(look):
        why = "looks like" if suggest_protected_attribute(look.name) else "has levels that look like"
        return Guess("protected", f"{why} {attribute}", attribute, "protected")
    if (
        look.unique
        and look.type == "integer"
        and (look.high or 0) - (look.low or 0) == look.rows - 1 >= _MIN_COUNTER_ROWS
    ):
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
    return _guess_by_type(look)


def _guess_identifier(look: ColumnProfile) -> Guess | None:
    """Guess what a column is that looks like an identifier; None for any other."""
    is_large = look.type == "integer" and max(abs(look.low or 0), abs(look.high or 0)) > _LARGEST_EXACT
    why = "numbers of so many digits" if is_large else "named like an identifier"
    if not (is_large or name_hints.ends_as_identifier(look.name)) or look.type not in ("integer", "text", "category"):
        return None
    if look.unique:
        return Guess("id", f"a different value in every row, and {why}", kind="identifier")
    if look.values:
        why = f"{why}: if its numbers are names, a category, or a group"
        return Guess("feature", why, kind="identifier") if look.type == "integer" else None
    why = f"{why}, and the same in several rows: one person's, who must not be on two sides of a split?"
    return Guess("group", why, kind="identifier")


def _guess_by_type(look: ColumnProfile) -> Guess:
    if look.type in ("date", "timestamp"):
        why = f"a {look.type}" + (", and named like a time" if name_hints.is_time(look.name) else "")
        return Guess("time", why, kind="identifier")
    if look.type == "text":
        return Guess("ignored", "free text, or a category of many values")
    if look.type in ("integer", "number", "boolean") and name_hints.is_score(look.name):
        return Guess("score", "named like a credit score", kind="score")
    return Guess("feature")

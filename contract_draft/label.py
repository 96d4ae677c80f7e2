"""The label of a file: which column it is, which others are as likely, and which of its values is good."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract_draft.names.outcomes import is_good_for_applicant, rank_outcome, read_yes_or_no
from contract_draft.names.protected import suggest_attribute
from contract_draft.values.column_profile import ColumnProfile
from credit.common.errors import CreditError, Problem


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


def find_rivals(looks: Sequence[ColumnProfile], label: ColumnProfile | None) -> list[str]:
    """Find the columns that are as likely the label as the one that is proposed."""
    if label is None or (rank := rank_outcome(label.name)) is None:
        return []
    is_two = len(label.values) == 2
    same = [look for look in looks if rank_outcome(look.name) == rank and (len(look.values) == 2) == is_two]
    return [look.name for look in same if look.values and not look.constant and look.name != label.name]


def is_favourable_text(label: ColumnProfile, text: str, value: Any) -> bool:
    """Tell whether a text in the label's column is the value that is good for the applicant."""
    if label.type == "boolean":
        return value is (text.casefold() in ("1", "1.0", "t", "true", "y", "yes"))
    return bool(text == value if label.type == "category" else float(text) == value)


def guess_favourable(look: ColumnProfile) -> tuple[Any, bool]:
    """Guess the value that is good for the applicant, and whether a name says so."""
    named = is_good_for_applicant(look.name)
    if look.type == "boolean":
        return named is not False, named is not None
    if look.type == "category":
        return _guess_favourable_level(dict(sorted(look.values)), named)
    is_true_negative = (look.low, look.high) == (-1, 0) and len(look.values) == 2  # as Access and VBA write it
    number = look.low if (named is False) != is_true_negative else look.high
    return int(number or 0) if look.type == "integer" else float(number or 0), named is not None


def _guess_favourable_level(levels: Mapping[str, int], named: bool | None) -> tuple[str, bool]:
    """Guess the level, of those with their rows, that is good for the applicant.

    By its words, else by a yes or no about the column's name. Where neither says it, the one of most rows: of a third
    of few rows, as cancelled ones, hardly anything could be learned.
    """
    good = [level for level in levels if is_good_for_applicant(level)]
    good = good or [level for level in levels if level.startswith(">")]  # of `<=50K` and `>50K` more is better
    good = good or [level for level in levels if named is not None and read_yes_or_no(level) is named]
    others = [level for level in levels if is_good_for_applicant(level) is None]
    likely = good[0] if good else max(others or levels, key=lambda level: levels[level])
    return likely, len(good) == 1


def list_label_values(look: ColumnProfile) -> tuple[Any, ...]:
    """List the values of a label as a contract writes them; none where it has too many."""
    if look.type == "boolean":
        return (False, True)
    if look.type == "category":
        return tuple(sorted(text for text, _ in look.values))
    return tuple(sorted({int(float(text)) if look.type == "integer" else float(text) for text, _ in look.values}))

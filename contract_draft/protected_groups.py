"""The protected category that a draft makes of an indicator or of a number."""

import re

from contract_draft.fields import DraftField, OpenQuestion, ask_role, has_group_values
from contract_draft.guesses import Guess
from contract_draft.names.protected import AGE_CUTS, names_attribute
from contract_draft.names.words import split_words
from contract_draft.values.column_profile import ColumnProfile
from credit.common.formatting import capitalise
from credit.contract.sql_names import RESERVED_WORDS

MOMENTS = ("date", "timestamp")
_MOST_YEARS = 130  # of an age; a larger number about it is a year, or days
_BIRTH_YEARS = (1880, 2100)
_INDICATOR_GROUPS = {
    "male": ("sex", "male", "female"),
    "female": ("sex", "female", "male"),
    "man": ("sex", "male", "female"),
    "fem": ("sex", "female", "male"),
}
_INDICATOR_GROUPS |= {"woman": ("sex", "female", "male"), "married": ("marital_status", "married", "unmarried")}


def choose_free_name(
    look: ColumnProfile, guess: Guess, taken: set[str], moment: ColumnProfile | None = None
) -> str | None:
    """Choose a free name for the protected category made of a column; None if none can be made of it.

    `moment`: the day of the application, by which a date of birth is an age.
    """
    is_birth = look.type in MOMENTS and guess.attribute == "age" and moment is not None
    is_number = look.type in ("integer", "number") and look.low is not None
    if guess.role != "protected" or has_group_values(look) or not (is_birth or is_number or look.type == "boolean"):
        return None
    wanted = _find_indicator(look.name, (f"{look.name}_group",))[0]
    tries = [wanted, f"{look.name}_group", *(f"{look.name}_group_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in tries if name.casefold() not in taken)


def draft_protected_column(look: ColumnProfile, guess: Guess, moment: ColumnProfile | None = None) -> list[DraftField]:
    """Draft the protected category made of a boolean, of a number, or of a date of birth and `moment`."""
    name, is_age = quote_sql_name(look.name), guess.attribute == "age" and _MOST_YEARS >= (look.high or 0) > 0
    sources = [look]
    if moment is not None and guess.attribute == "age" and (look.type in MOMENTS or _are_years_of_birth(look)):
        since = quote_sql_name(moment.name)
        name = f"date_sub('year', {name}, {since})" if look.type in MOMENTS else f"(year({since}) - {name})"
        sources, is_age = [look, moment], True
    bare = look.name.lstrip("? ")  # a group that begins with `?` would read as a question
    if look.type == "boolean":
        nameless = (f"{bare} 1", f"{bare} 0") if names_attribute(look.name) else (bare, f"not {bare}")
        _, yes, no = _find_indicator(look.name, ("", *nameless))
        groups, cuts, reference = [yes, no], [name, f"not {name}"], _choose_commoner(look, yes, no)
    elif is_age:
        young, old = AGE_CUTS
        reference = f"{young} to {old - 1}"
        groups = [f"under {young}", reference, f"{old} and over"]
        cuts = [f"{name} < {young}", f"{name} < {old}", f"{name} >= {old}"]
    else:
        middle = f"{((look.low or 0) + (look.high or 0)) / 2:.3g}"
        groups, reference = [f"up to {middle}", f"over {middle}"], f"up to {middle}"
        cuts = [f"{name} <= {middle}", f"{name} > {middle}"]
    whens = " ".join(f"when {cut} then {_quote_sql_text(group)}" for cut, group in zip(cuts, groups, strict=True))
    return [
        DraftField("type", "category"),
        DraftField("role", ask_role(guess, look.name), f"{guess.why}; protected, or take this column out"),
        DraftField("allowed", groups, _tell_groups(look)),
        DraftField(
            "reference",
            OpenQuestion(reference, "reference", "reference", choices=tuple(groups)),
            "the group that others are compared with",
        ),
        DraftField("sql", f"case {whens} end", _question_cuts(look, is_age)),
        DraftField("missing", "allowed" if any(one.missing or one.codes for one in sources) else "refused"),
        DraftField("description", f"{capitalise(guess.attribute or 'Group')}, from {look.name}"),
    ]


def _are_years_of_birth(look: ColumnProfile) -> bool:
    first, last = _BIRTH_YEARS
    return look.type == "integer" and (look.low or 0) >= first and (look.high or 0) <= last


def _find_indicator(name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Find the attribute that an indicator such as `male` or `isMale` is about, and its groups."""
    parts = [word for word in split_words(name) if word not in ("is", "flag", "dummy", "ind")]
    return _INDICATOR_GROUPS.get("".join(parts), otherwise)


def _tell_groups(look: ColumnProfile) -> str:
    unknown = look.type == "boolean" and names_attribute(look.name)
    return "the groups of `sql`" + (": give them their names, which no file says" if unknown else "")


def _choose_commoner(look: ColumnProfile, yes: str, no: str) -> str:
    return yes if not look.values or look.values[0][0].casefold() in ("1", "t", "true", "y", "yes") else no


def _question_cuts(look: ColumnProfile, is_age: bool) -> str:
    if look.type == "boolean":
        return "how groups are made; several indicators of one attribute belong into one column"
    if is_age:
        return "25 and 62 are usual: the law in some countries protects applicants from 62 on"
    return "how groups are made; cut in the middle of the observed range"


def quote_sql_name(name: str) -> str:
    """Quote a name for SQL where it needs it."""
    is_plain = re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in RESERVED_WORDS
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def _quote_sql_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Protected groups made of a column that does not name them: two of an indicator, bands of a number."""

import re

from draft.entry import Ask, Field, is_groups, sentence
from draft.profile import Look
from draft.proposal import Guess

_PAIRS = {"male": ("sex", "male", "female"), "female": ("sex", "female", "male"), "man": ("sex", "male", "female")}
_PAIRS |= {"woman": ("sex", "female", "male"), "married": ("marital_status", "married", "unmarried")}


def free_name(look: Look, guess: Guess, taken: set[str]) -> str | None:
    """A free name for the protected category made of a column; None if none can be made of it."""
    if guess.role != "protected" or is_groups(look) or look.type not in ("boolean", "integer", "number"):
        return None
    if look.type != "boolean" and look.low is None:
        return None
    wanted = _PAIRS.get(look.name.casefold(), (f"{look.name}_group",))[0]
    tries = [wanted, f"{look.name}_group", *(f"{look.name}_group_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in tries if name.casefold() not in taken)


def fields(look: Look, guess: Guess) -> list[Field]:
    """The draft of the protected category made of a boolean or of a number."""
    name = _sql_name(look.name)
    bare = look.name.lstrip("? ")  # a group that begins with `?` would read as a question
    if look.type == "boolean":
        _, yes, no = _PAIRS.get(look.name.casefold(), ("", bare, f"not {bare}"))
        groups, cuts, reference = [yes, no], [name, f"not {name}"], _commoner(look, yes, no)
    elif guess.attribute == "age":
        groups, reference = ["under 25", "25 to 61", "62 and over"], "25 to 61"
        cuts = [f"{name} < 25", f"{name} < 62", f"{name} >= 62"]
    else:
        middle = f"{((look.low or 0) + (look.high or 0)) / 2:.3g}"
        groups, reference = [f"up to {middle}", f"over {middle}"], f"up to {middle}"
        cuts = [f"{name} <= {middle}", f"{name} > {middle}"]
    whens = " ".join(f"when {cut} then {_sql_text(group)}" for cut, group in zip(cuts, groups, strict=True))
    return [
        Field("type", "category"),
        Field("role", Ask("protected"), f"{guess.why}; protected, or take this column out"),
        Field("allowed", groups, "the groups of `sql`"),
        Field("reference", Ask(reference), "the group that others are compared with"),
        Field("sql", Ask(f"case {whens} end"), _cut_doubt(look, guess)),
        Field("missing", "allowed" if look.missing or look.codes else "refused"),
        Field("description", f"{sentence(guess.attribute)}, from {look.name}"),
    ]


def _commoner(look: Look, yes: str, no: str) -> str:
    return yes if not look.values or look.values[0][0].casefold() in ("1", "t", "true", "y", "yes") else no


def _cut_doubt(look: Look, guess: Guess) -> str:
    if look.type == "boolean":
        return "how groups are made; several indicators of one attribute belong into one column"
    if guess.attribute == "age":
        return "25 and 62 are usual: the law in some countries protects applicants from 62 on"
    return "how groups are made; cut in the middle of the observed range"


def _sql_name(name: str) -> str:
    plain = re.fullmatch(r"[a-z][a-z0-9_]*", name) and name != "foreign"  # reserved in SQL, and one of our hints
    return name if plain else '"' + name.replace('"', '""') + '"'


def _sql_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

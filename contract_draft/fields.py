"""The lines of a draft about one column: facts as values, judgements as open questions."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from contract_draft.column_profile import Look
from contract_draft.guesses import Guess
from contract_draft.name_hints import good_for_applicant

_ROLES = "one of feature, score, label, protected, id, time, ignored"
_GROUPS = 20  # an integer with at most so many values may be a code for groups


class Ask(NamedTuple):
    """An open question; `proposal` is the answer that the file suggests."""

    proposal: Any


class Field(NamedTuple):
    """One `key: value  # comment` of a contract. Without a value it is written as a comment."""

    key: str
    value: Any
    comment: str = ""


def is_groups(look: Look) -> bool:
    """Whether the values of a column name groups of people as they are."""
    coded = look.type == "integer" and 0 < len(look.values) <= _GROUPS and (look.high or 0) <= _GROUPS
    return look.type == "category" or coded


def fields(look: Look, guess: Guess, derived: str | None = None) -> list[Field]:
    """The draft of one column. `derived` names the protected column made of it, if there is one."""
    if guess.role == "protected" and not is_groups(look):
        source = f"Source of {derived}, which is protected" if derived else f"About {guess.attribute}"
        guess = Guess("ignored", guess.why, source)
        because = source
    else:
        because = sentence(guess.why)
    kind = "category" if guess.role == "protected" else look.type
    role = Field("role", Ask(guess.role), f"{guess.why}; {_ROLES}") if guess.why else Field("role", guess.role)
    about = Ask("What this column holds, and in which unit") if guess.why else _not_a_question(look.name)
    return [
        Field("type", kind, _type_doubt(look, kind)),
        role,
        *_domain(look, kind, guess),
        *_missing(look),
        *([Field("because", Ask(because), "why the model may not see it")] if guess.role == "ignored" else []),
        *_of_role(look, guess),
        Field("description", about),
    ]


def _not_a_question(name: str) -> str:
    return f"column {name}" if name.startswith("?") else name


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _type_doubt(look: Look, kind: str) -> str:
    if kind == "integer" and 2 < len(look.values) <= _GROUPS:
        listed = ", ".join(f'"{text}"' for text, _ in sorted(look.values, key=lambda v: float(v[0])))
        return f"if the numbers are codes: category, and `allowed: [{listed}]` for `range`"
    if kind == "boolean" and any(not isinstance(code, str) for code in look.codes):
        return "integer if the codes below are real values"
    if kind == "text" and not look.values and look.missing < look.rows:
        return "more different values than a category should have"
    return ""


def _domain(look: Look, kind: str, guess: Guess) -> list[Field]:
    if kind == "category" or (kind == "integer" and guess.role == "label" and look.values):
        found = sorted(text for text, _ in look.values)
        allowed: list[Any] = found if kind == "category" else sorted(map(int, found))
        return [Field("allowed", allowed, "as observed: are there others?")]
    if kind in ("integer", "number") and guess.role in ("feature", "score") and look.low is not None:
        return [
            Field("range", None, f"[{look.low:.12g}, {look.high:.12g}] was observed; a limit sets aside rows beyond it")
        ]
    return []


def _missing(look: Look) -> list[Field]:
    share = f"{look.missing:,} of {look.rows:,} rows ({look.missing / look.rows:.1%})" if look.missing else ""
    if not look.codes:
        return [Field("missing", "allowed" if look.missing else "refused", share)]
    doubt = "[] if they are real values" + ("; then add them to `allowed`" if look.type == "category" else "")
    return [
        Field("missing", "allowed", share or "for the codes below; refused if there are none"),
        Field("missing_codes", Ask(list(look.codes)), f'do they mean "not known"? {doubt}'),
    ]


def _of_role(look: Look, guess: Guess) -> list[Field]:
    if guess.role == "protected":
        return [Field("reference", Ask(look.values[0][0]), "the group that others are compared with; the largest here")]
    if guess.role == "score":
        low, high = look.low or 0.0, look.high or 0.0
        middle = f"{(low + high) / 2:.3g}"
        return [Field("threshold", Ask(float(middle)), "the score from which the old rule lets pass; the middle here")]
    if guess.role == "label":
        value, sure = _favourable(look)
        doubt = "" if sure else "; nothing in the file says which"
        return [Field("favourable", Ask(value), f"the value that is good for the applicant{doubt}")]
    return []


def _favourable(look: Look) -> tuple[Any, bool]:
    """The value that is good for the applicant, and whether a name says so."""
    named = good_for_applicant(look.name)
    if look.type == "boolean":
        return named is not False, named is not None
    if look.type == "category":
        texts = sorted(text for text, _ in look.values)
        good = [text for text in texts if good_for_applicant(text)]
        return (good or [text for text in texts if good_for_applicant(text) is None] or texts)[0], bool(good)
    number = look.low if named is False else look.high
    return int(number or 0) if look.type == "integer" else float(number or 0), named is not None


def question_count(entries: Sequence[Sequence[Field]]) -> int:
    """How many questions the fields leave open."""
    return sum(isinstance(field.value, Ask) for entry in entries for field in entry)


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


def group_fields(look: Look, guess: Guess) -> list[Field]:
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

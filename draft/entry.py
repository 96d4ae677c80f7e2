"""The lines of a draft about one column: facts as values, judgements as open questions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from draft.hints import good_for_applicant
from draft.profile import Look
from draft.proposal import Guess

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

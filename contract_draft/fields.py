"""The lines of a draft about one column: facts as values, judgements as open questions."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from contract_draft.guesses import Guess, guess_favourable
from contract_draft.values.column_profile import ColumnProfile
from credit.common.formatting import capitalise

_ROLES = "one of feature, score, label, protected, id, group, time, source, ignored"
_RARE_SHARE = 0.01  # of the rows; of a level with fewer people no figure says much
_MAX_GROUPS = 20  # an integer with at most so many values may be a code for groups


class OpenQuestion(NamedTuple):
    """An open question; `proposal` is the answer that the file suggests."""

    proposal: Any


class DraftField(NamedTuple):
    """One `key: value  # comment` of a contract. Without a value it is written as a comment."""

    key: str
    value: Any
    comment: str = ""


def has_group_values(look: ColumnProfile) -> bool:
    """Tell whether the values of a column name groups of people as they are."""
    coded = look.type == "integer" and 0 < len(look.values) <= _MAX_GROUPS and (look.high or 0) <= _MAX_GROUPS
    return look.type == "category" or coded


def draft_column(look: ColumnProfile, guess: Guess, derived: str | None = None) -> list[DraftField]:
    """Draft one column. `derived` names the protected column made of it, if there is one."""
    if guess.role == "protected" and not has_group_values(look):
        source = f"Source of {derived}, which is protected" if derived else f"About {guess.attribute}"
        guess = Guess("ignored", guess.why, source)
        because = source
    else:
        because = capitalise(guess.why)
    kind = "category" if guess.role == "protected" else look.type
    rare = find_rare_levels(look) if guess.role == "protected" else []
    if rare and _are_codes(look):
        look = replace(look, codes=(*look.codes, *(text for text, _ in rare)))
    role = (
        DraftField("role", OpenQuestion(guess.role), f"{guess.why}; {_ROLES}")
        if guess.why
        else DraftField("role", guess.role)
    )
    about = OpenQuestion("What this column holds, and in which unit") if guess.why else _avoid_question_mark(look.name)
    return [
        DraftField("type", kind, _question_type(look, kind)),
        *_draft_format(look, kind),
        role,
        *_draft_domain(look, kind, guess, rare),
        *_draft_missing(look),
        *(
            [DraftField("because", OpenQuestion(because), "why the model may not see it")]
            if guess.role == "ignored"
            else []
        ),
        *_draft_role_fields(look, guess),
        DraftField("description", about),
    ]


def _avoid_question_mark(name: str) -> str:
    return f"column {name}" if name.startswith("?") else name


def _question_type(look: ColumnProfile, kind: str) -> str:
    if kind == "integer" and 2 < len(look.values) <= _MAX_GROUPS:
        listed = ", ".join(f'"{text}"' for text, _ in sorted(look.values, key=lambda v: float(v[0])))
        return f"if the numbers are codes: category, and `allowed: [{listed}]` for `range`"
    if kind == "boolean" and any(not isinstance(code, str) for code in look.codes):
        return "integer if the codes below are real values"
    if kind == "text" and not look.values and look.missing < look.rows:
        return "more different values than a category should have"
    return ""


def _draft_format(look: ColumnProfile, kind: str) -> list[DraftField]:
    """Draft how values are written; a question where another format gives other values."""
    written = look.written
    if written is None or kind == "category":
        return []
    value = written.reading.format.model_dump(exclude_none=True)
    told = f"{written.example} is {written.reading.value}"
    for one, other in written.others:
        plain = "as a plain number" if written.reading.format.date and not one.date else None
        told += f", or {other} {plain or 'with ' + json.dumps(one.model_dump(exclude_none=True), ensure_ascii=False)}"
    if "%y" in (written.reading.format.date or ""):
        told += "; of two digits 69 to 99 are 1969 to 1999, others 2000 to 2068"
    return [DraftField("format", OpenQuestion(value) if written.is_doubtful else value, told)]


def find_rare_levels(look: ColumnProfile) -> list[tuple[str, int]]:
    """Find levels of few rows, with their rows; none where fewer than two others are left to compare."""
    most = max(1, sum(rows for _, rows in look.values) * _RARE_SHARE)
    rare = [(text, rows) for text, rows in sorted(look.values) if rows <= most]
    return rare if len(look.values) - len(rare) >= 2 else []


def _are_codes(look: ColumnProfile) -> bool:
    """Tell whether no level is a word that says whom it means."""
    return all(text.isdigit() for text, _ in look.values)


def _draft_domain(look: ColumnProfile, kind: str, guess: Guess, rare: Sequence[tuple[str, int]]) -> list[DraftField]:
    if rare:
        return [_question_rare_levels(look, rare)]
    if kind == "category" or (kind == "integer" and guess.role == "label" and look.values):
        found = sorted(text for text, _ in look.values)
        allowed: list[Any] = found if kind == "category" else sorted(map(int, found))
        if alike := find_alike_levels(found) if kind == "category" else []:
            told = "; ".join(" and ".join(map(repr, levels)) for levels in alike)
            return [DraftField("allowed", OpenQuestion(allowed), f"each is a group of its own: are {told} the same?")]
        return [DraftField("allowed", allowed, "as observed: are there others? `new_levels` says what they count as")]
    if kind in ("integer", "number") and guess.role in ("feature", "score") and look.low is not None:
        return [
            DraftField(
                "range", None, f"[{look.low:.12g}, {look.high:.12g}] was observed; a limit sets aside rows beyond it"
            )
        ]
    return []


def _question_rare_levels(look: ColumnProfile, rare: Sequence[tuple[str, int]]) -> DraftField:
    """Ask which of three ways the people of rare levels go: groups of their own, undisclosed, or set aside."""
    found, few = sorted(text for text, _ in look.values), [text for text, _ in rare]
    told = ", ".join(f"{text!r} ({rows:,} rows)" for text, rows in rare)
    if _are_codes(look):
        rest = [text for text in found if text not in few]
        ways = "they are undisclosed, by `missing_codes`; listed here groups of their own; in neither set aside"
        return DraftField("allowed", OpenQuestion(rest), f"no words say what {told} mean: {ways}")
    into = json.dumps({look.values[0][0]: few}, ensure_ascii=False)
    ways = f"groups of their own, or of another, as by `fold: {into}`; taken out, their rows are set aside"
    alike = "".join(f"; are {' and '.join(map(repr, levels))} the same?" for levels in find_alike_levels(found))
    return DraftField("allowed", OpenQuestion(found), f"few people, {told}: {ways}{alike}")


def find_alike_levels(levels: Sequence[str]) -> list[list[str]]:
    """Find levels that differ by capitals and blanks only, or by one being the initial of another: `F`, `Female `."""
    folded: dict[str, list[str]] = {}
    for level in levels:
        folded.setdefault(" ".join(level.casefold().split()), []).append(level)
    for initial in [text for text in folded if len(text) == 1 and text.isalpha()]:
        longer = [text for text in folded if len(text) > 1 and text.isalpha() and text.startswith(initial)]
        if len(longer) == 1:
            folded[longer[0]] = [*folded.pop(initial), *folded[longer[0]]]
    return [alike for alike in folded.values() if len(alike) > 1]


def _draft_missing(look: ColumnProfile) -> list[DraftField]:
    share = f"{look.missing:,} of {look.rows:,} rows ({look.missing / look.rows:.1%})" if look.missing else ""
    if not look.codes:
        return [DraftField("missing", "allowed" if look.missing else "refused", share)]
    doubt = "[] if they are real values" + ("; then add them to `allowed`" if look.type == "category" else "")
    return [
        DraftField("missing", "allowed", share or "for the codes below; refused if there are none"),
        DraftField(
            "missing_codes", OpenQuestion(list(look.codes)), f'{_tell_others(look)}do they mean "not known"? {doubt}'
        ),
    ]


def _tell_others(look: ColumnProfile) -> str:
    """Tell which values of a column of numbers, or of dates, are none."""
    if not look.others:
        return ""
    numbers = look.rows - look.missing - sum(rows for _, rows in look.others)
    listed = ", ".join(f"{text!r} ({rows:,})" for text, rows in look.others)
    kind = "numbers" if look.type in ("boolean", "integer", "number") else "dates"
    return f"{numbers:,} of {look.rows - look.missing:,} are {kind}, the rest is {listed}; "


def _draft_role_fields(look: ColumnProfile, guess: Guess) -> list[DraftField]:
    if guess.role == "protected":
        return [
            DraftField(
                "reference",
                OpenQuestion(look.values[0][0]),
                "the group that others are compared with; the largest here",
            )
        ]
    if guess.role == "score":
        low, high = look.low or 0.0, look.high or 0.0
        middle = f"{(low + high) / 2:.3g}"
        return [
            DraftField(
                "threshold", OpenQuestion(float(middle)), "the score from which the old rule lets pass; the middle here"
            )
        ]
    if guess.role == "label":
        value, sure = guess_favourable(look)
        doubt = "" if sure else "; nothing in the file says which"
        return [DraftField("favourable", OpenQuestion(value), f"the value that is good for the applicant{doubt}")]
    return []


def count_questions(entries: Sequence[Sequence[DraftField]]) -> int:
    """Count the questions that the fields leave open."""
    return sum(isinstance(field.value, OpenQuestion) for entry in entries for field in entry)

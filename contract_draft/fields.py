"""The lines of a draft about one column: facts as values, judgements as open questions."""

import json
from typing import Any, NamedTuple, get_args

from contract_draft.guesses import Guess
from contract_draft.label import guess_favourable, list_label_values
from contract_draft.levels import MAX_CODES, propose_levels, propose_others
from contract_draft.names.undisclosed import is_no_group
from contract_draft.values.column_profile import ColumnProfile
from credit.common.formatting import capitalise
from credit.contract.columns import ColumnRole
from credit.contract.levels import UNDISCLOSED
from credit.contract.suggestions import split_name, suggest_reason


class OpenQuestion(NamedTuple):
    """An open question; `proposal` is the answer that the file suggests, one of `choices` where there are some.

    `topic`: a key of `questions.topics.TOPICS`. Of the questions with the same `alike` one is asked for all. `about`:
    the column that the answer is about, where that is not the one in which the question stands. `answer`: the proposal
    as a person answers it, where the contract writes it in more than one place. `is_guess`: nothing speaks for the
    proposal, so that nobody should accept it unread.
    """

    proposal: Any
    topic: str
    alike: str = ""
    about: str = ""
    choices: tuple[Any, ...] = ()
    answer: Any = None
    is_guess: bool = False


class DraftField(NamedTuple):
    """One `key: value  # comment` of a contract. Without a value it is written as a comment."""

    key: str
    value: Any
    comment: str = ""


def has_group_values(look: ColumnProfile) -> bool:
    """Tell whether the values of a column name groups of people as they are."""
    coded = look.type == "integer" and 0 < len(look.values) <= MAX_CODES and (look.high or 0) <= MAX_CODES
    return look.type == "category" or coded


def draft_column(look: ColumnProfile, guess: Guess, derived: str | None = None) -> list[DraftField]:
    """Draft one column. `derived` names the protected column made of it, if there is one."""
    if guess.role == "protected" and not has_group_values(look):
        because = f"Source of {derived}, which is protected" if derived else f"About {guess.attribute or 'a group'}"
        guess = guess._replace(role="ignored", kind="" if derived else guess.kind)
    else:
        because = capitalise(guess.why)
    kind = "category" if guess.role == "protected" else look.type
    if guess.role in ("id", "group") and look.may_count:
        kind = "integer"  # which 1001.0 is exactly
    look, doubt = propose_levels(look, guess.role == "protected") if kind == "category" else (look, "")
    is_coded = False
    if guess.role == "feature" and not doubt:
        look, doubt = propose_others(look)
        kind, is_coded = look.type, bool(doubt)
    return [
        DraftField("type", kind, _question_type(look, kind)),
        *_draft_format(look, kind),
        DraftField("role", ask_role(guess, look.name), guess.evidence),
        *_draft_domain(look, kind, guess, doubt, is_coded),
        *_draft_missing(look),
        *([DraftField("because", because)] if guess.role == "ignored" else []),
        *_draft_role_fields(look, guess),
        *draft_words(look.name, guess, has_gaps=bool(look.missing or look.codes)),
    ]


def ask_role(guess: Guess, about: str) -> OpenQuestion | str:
    """Ask for the role that is guessed, once for columns that are alike; a role that is in no doubt is no question."""
    if not guess.kind:
        return guess.role
    alike = {"leak": "leak", "afterwards": "afterwards", "protected": guess.attribute, "proxy": guess.attribute}
    alike["left_out"] = guess.why
    same = f"{guess.kind} {alike[guess.kind]}" if alike.get(guess.kind) else ""
    answer = about if guess.role == "label" else None
    return OpenQuestion(guess.role, guess.kind, same, about, get_args(ColumnRole), answer, guess.unsure)


def draft_words(name: str, guess: Guess, has_gaps: bool) -> list[DraftField]:
    """Propose the texts of a column, made of its name; a person reads them before an applicant does."""
    words = " ".join(split_name(name))
    described = DraftField("description", capitalise(words))
    if guess.role not in ("feature", "score"):
        return [described]
    gaps = [DraftField("reason_if_missing", f"We do not know your {words}")] if has_gaps else []
    vouched = [DraftField("known_at_decision", True)] if guess.vouched else []
    return [*vouched, described, DraftField("reason", suggest_reason(name)), *gaps]


def _question_type(look: ColumnProfile, kind: str) -> str:
    if kind == "integer" and 2 < len(look.values) <= MAX_CODES:
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
    if not written.is_doubtful:
        return [DraftField("format", value, told if written.example else "")]
    alike = [written.reading.format, *(one for one, _ in written.others)]
    return [DraftField("format", OpenQuestion(value, "format", f"format {alike}"), told)]


_TOLD_OUTCOMES = (
    "as observed; all but the favourable one count as bad: take out what says nothing of how it went, as cancelled; "
    "its rows are set aside"
)


def _draft_domain(look: ColumnProfile, kind: str, guess: Guess, doubt: str, is_coded: bool = False) -> list[DraftField]:
    if kind == "category" or (kind == "integer" and guess.role == "label" and look.values):
        found = sorted(text for text, _ in look.values)
        allowed: list[Any] = found if kind == "category" else sorted(map(int, found))
        fold = {into: list(levels) for into, levels in look.folded}
        more = [DraftField("fold", fold, "levels of the file that count as another")] if fold else []
        if doubt:
            topic = "groups" if guess.role == "protected" else "levels"
            answer = {UNDISCLOSED: list(look.undisclosed)} if look.undisclosed else fold if is_coded else None
            same = "levels of codes" if is_coded else ""
            return [
                DraftField("allowed", OpenQuestion(allowed, topic, same, answer=answer, is_guess=is_coded), doubt),
                *more,
            ]
        is_odd = guess.role == "label" and len(allowed) > 2
        told = _TOLD_OUTCOMES if is_odd else "as observed: are there others? `new_levels` says what they count as"
        return [DraftField("allowed", allowed, "" if "levels" in look.settled else told), *more]
    is_shown = guess.kind != "identifier" and not (look.identifying and look.may_count)
    if kind in ("integer", "number") and guess.role in ("feature", "score") and look.low is not None and is_shown:
        return [
            DraftField(
                "range", None, f"[{look.low:.12g}, {look.high:.12g}] was observed; a limit sets aside rows beyond it"
            )
        ]
    return []


def _draft_missing(look: ColumnProfile) -> list[DraftField]:
    share = f"{look.missing:,} of {look.rows:,} rows ({look.missing / look.rows:.1%})" if look.missing else ""
    codes = [*look.codes, *look.undisclosed]
    if not codes:
        return [DraftField("missing", "allowed" if look.missing else "refused", share)]
    allowed = DraftField("missing", "allowed", share or "for the codes below; refused if there are none")
    if not look.codes or "codes" in look.settled:
        return [allowed, DraftField("missing_codes", codes)]
    doubt = "[] if they are real values" + ("; then add them to `allowed`" if look.type == "category" else "")
    return [
        allowed,
        DraftField(
            "missing_codes",
            OpenQuestion(codes, "codes", f"codes {look.codes}", answer=list(look.codes)),
            f'{_tell_others(look)}do they mean "not known"? {doubt}',
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
        levels = [text for text, _ in look.values]
        groups = tuple(text for text in levels if not is_no_group(text, levels)) or (UNDISCLOSED,)
        asked = OpenQuestion(groups[0], "reference", "reference", choices=groups)
        return [DraftField("reference", asked, "the group that others are compared with; the largest here")]
    if guess.role == "score":
        low, high = look.low or 0.0, look.high or 0.0
        middle = f"{(low + high) / 2:.3g}"
        return [
            DraftField(
                "threshold",
                OpenQuestion(float(middle), "threshold"),
                "the score from which the old rule lets pass; the middle here",
            )
        ]
    if guess.role == "label":
        value, sure = guess_favourable(look)
        doubt = "" if sure else "; nothing in the file says which"
        counts = "".join(f", {text!r} in {rows:,} rows" for text, rows in look.values[:MAX_CODES])
        choices = list_label_values(look)
        asked = OpenQuestion(value, "favourable", choices=choices if value in choices else (), is_guess=not sure)
        return [DraftField("favourable", asked, f"the value that is good for the applicant{counts}{doubt}")]
    return []

"""The questions of a draft as people and machines read them: a summary, a file to answer in, JSON."""

import json
import re
from collections.abc import Sequence
from typing import Any

from contract_draft import name_hints
from contract_draft.document.yaml_comments import build_block, dump_yaml, quote_text
from contract_draft.draft import Draft
from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.questions.topics import SECTIONS, TOPICS, Question
from contract_draft.values.column_profile import ColumnProfile

_MOST_LEVELS = 6
_MOST_COLUMNS = 8
_ANSWERS_HEADER = """\
Answers for the contract of {name}: give this file to `python -m contract_draft FILE --answers THIS`.
An answer that begins with `?` is open. Where the proposal behind the `?` is right, delete `? `.
"""


def summarize_questions(draft: Draft) -> str:
    """Summarize the open questions, a line for each below what it asks."""
    lines: list[str] = []
    asked = ""
    for number, question in enumerate(draft.questions, 1):
        if (asks := TOPICS[question.topic].asks) != asked:
            lines.append(f"  {asks}")
            asked = asks
        lines.append(f"  {number:>4}. {_shorten_key(question)}{_word_proposal(question)}")
    return "\n".join(lines)


def describe_question(draft: Draft, question: Question) -> list[str]:
    """Describe what the file shows about a question: why it is asked, and the values of its columns."""
    shown = list(draft.labels) if question.topic == "label" else list(question.columns)
    is_one = len(set(question.whys)) == 1
    lines = [question.why] if is_one and question.why else []
    whys = {} if is_one else dict(zip(question.columns, question.whys, strict=True))
    for name in shown[:_MOST_COLUMNS]:
        told = [whys.get(name, ""), describe_values(draft.looks[name]) if name in draft.looks else ""]
        lines += [f"{name}: {'; '.join(filter(None, told))}"] if any(told) else []
    if len(shown) > _MOST_COLUMNS:
        lines.append(f"and {len(shown) - _MOST_COLUMNS} more: {', '.join(shown[_MOST_COLUMNS:])}")
    return lines


def describe_values(look: ColumnProfile) -> str:
    """Describe the values of a column: levels with their rows, or the range; nothing that tells who a person is."""
    known = look.rows - look.missing
    gaps = [f"{look.missing:,} missing"] if look.missing else []
    if is_private(look):
        told = [f"{known:,} values of type {look.type}" + (", each another one" if look.unique else "")]
    elif look.values:
        levels = sorted(look.values, key=lambda level: (-level[1], level[0]))
        told = [f"{text} ({rows:,})" for text, rows in levels[:_MOST_LEVELS]]
        told += [f"{len(levels) - _MOST_LEVELS} others"] if len(levels) > _MOST_LEVELS else []
    elif look.low is not None and look.high is not None:
        told = [f"from {look.low:.12g} to {look.high:.12g}"]
    else:
        told = [f"{known:,} values of type {look.type}"]
    return ", ".join([*told, *gaps])


def is_private(look: ColumnProfile) -> bool:
    """Tell whether the values of a column may tell who a person is: they are not shown."""
    named = (name_hints.is_identifier, name_hints.ends_as_identifier, name_hints.is_personal)
    is_telling = look.may_count and (look.unique or bool(look.identifying))
    return look.type in ("text", "date", "timestamp") or is_telling or any(is_named(look.name) for is_named in named)


def build_answers_text(draft: Draft, name: str) -> str:
    """Build a file of answers: those that are given, and each open question with its proposal."""
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for section, answer in draft.answers.given.items():
        sections[section] = dict(answer) if SECTIONS[section] else {"": answer}
    reasons: dict[tuple[str, str], str] = {}
    for question in draft.questions:
        for column, proposal, why in zip(question.columns, question.proposals, question.whys, strict=True):
            key = column if SECTIONS[question.section] else ""
            sections[question.section][key] = OpenQuestion(proposal, question.topic)
            reasons[question.section, key] = why
    document = build_block([], 0)
    for section, answers in sections.items():
        fields = [
            DraftField(quote_text(key or section), answer, reasons.get((section, key), ""))
            for key, answer in answers.items()
        ]
        if fields and SECTIONS[section]:
            document[section] = build_block(fields, 2)
        elif fields:
            block = build_block(fields, 0)
            document.update(block)
            document.ca.items.update(block.ca.items)
    document.yaml_set_start_comment(_ANSWERS_HEADER.format(name=name))
    return dump_yaml(document).rstrip("\n") + "\n"


def list_for_machines(draft: Draft) -> list[dict[str, Any]]:
    """List the open questions with all that a program needs to ask them."""
    return [
        {
            "section": question.section,
            "topic": question.topic,
            "asks": TOPICS[question.topic].asks,
            "why": dict(zip(question.columns, question.whys, strict=True))
            if SECTIONS[question.section]
            else question.why,
            "has_default": question.has_default,
            "proposals": dict(zip(question.columns, question.proposals, strict=True))
            if SECTIONS[question.section]
            else question.proposals[0],
            "values": {name: describe_values(draft.looks[name]) for name in question.columns if name in draft.looks},
        }
        for question in draft.questions
    ]


def _shorten_key(question: Question) -> str:
    return f"{question.section}: {_shorten_list(question.columns)}" if SECTIONS[question.section] else question.section


def _word_proposal(question: Question) -> str:
    if not question.has_default:
        return ""
    different = list(dict.fromkeys(map(word_answer, question.proposals)))
    return f" -> {_shorten_list(different)}?"


def word_answer(answer: Any) -> str:
    """Word an answer as a person may type it."""
    if isinstance(answer, list | tuple):
        return f"[{', '.join(map(_quote_item, answer))}]"
    if isinstance(answer, dict):
        return json.dumps(answer, ensure_ascii=False)
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def _quote_item(item: Any) -> str:
    """Quote a text of a list where a bare one would be read as another, or as two."""
    is_plain = not isinstance(item, str) or re.fullmatch(r"\w[\w.+-]*( [\w.+-]+)*", item)
    return str(item) if is_plain else json.dumps(item, ensure_ascii=False)


def _shorten_list(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _MOST_COLUMNS else f"{', '.join(names[:3])} and {len(names) - 3} more"

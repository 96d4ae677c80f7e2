"""The marks of a draft: each question becomes its answer, stays open, or is left to the first that is alike."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.questions.answers import Answers, judge_answer
from contract_draft.questions.topics import TOPICS, Question, order_questions
from credit.common.errors import CreditError, Problem

Part = tuple[str, str]  # the block of the contract, and the name in it
Parts = Mapping[Part, Sequence[DraftField]]


class ResolvedParts(NamedTuple):
    """The parts of a draft with the answers in their places, by name; the open questions, and all that is asked."""

    fields: dict[Part, list[DraftField]]
    questions: list[Question]
    asked: set[tuple[str, str]]
    problems: list[Problem]


_ADOPTED = ("label", "roles", "formats", "codes", "levels")  # judged before there is a draft, which is made of them
_Place = tuple[Part, str]  # and the topic


class _Mark(NamedTuple):
    part: Part
    column: str
    question: OpenQuestion
    comment: str


def resolve_marks(parts: Parts, answers: Answers) -> ResolvedParts:
    """Put answers where questions are. Of open questions that are alike the first one's mark stands for all."""
    marks = [
        _Mark(part, field.value.about or part[1], field.value, field.comment)
        for part, fields in parts.items()
        for field in fields
        if isinstance(field.value, OpenQuestion)
    ]
    given, problems = _judge_answers(marks, answers)
    alike: dict[str, list[_Mark]] = {}
    for mark in marks:
        if _locate(mark) not in given:
            alike.setdefault(mark.question.alike or f"{mark.question.topic} {mark.column}", []).append(mark)
    firsts = {_locate(of[0]): [mark.column for mark in of] for of in alike.values()}
    fields = {part: [_resolve_field(part, field, given, firsts) for field in listed] for part, listed in parts.items()}
    questions = [
        Question(
            of[0].question.topic,
            tuple(mark.column for mark in of),
            tuple(mark.question.proposal if (said := mark.question.answer) is None else said for mark in of),
            tuple(mark.comment for mark in of),
            not (TOPICS[of[0].question.topic].is_prompt or of[0].question.is_guess),
        )
        for of in alike.values()
    ]
    asked = {
        (topic.section, mark.column if topic.by_column else "")
        for mark in marks
        for topic in [TOPICS[mark.question.topic]]
    }
    return ResolvedParts(fields, order_questions(questions), asked, problems)


def _locate(mark: _Mark) -> _Place:
    return mark.part, mark.question.topic


def _judge_answers(marks: Sequence[_Mark], answers: Answers) -> tuple[dict[_Place, Any], list[Problem]]:
    given: dict[_Place, Any] = {}
    problems: list[Problem] = []
    for mark in marks:
        section = TOPICS[mark.question.topic].section
        answer = answers.find(section, mark.column)
        if answer is None or section in _ADOPTED:
            continue
        try:
            given[_locate(mark)] = judge_answer(mark.question, answer, answers.name_place(section, mark.column))
        except CreditError as error:
            problems += error.problems
    return given, problems


def _resolve_field(
    part: Part, field: DraftField, given: Mapping[_Place, Any], firsts: Mapping[_Place, Sequence[str]]
) -> DraftField:
    if not isinstance(field.value, OpenQuestion):
        return field
    place = part, field.value.topic
    if place in given:
        return field._replace(value=given[place])
    if place not in firsts:
        return field._replace(value=field.value.proposal)
    others = firsts[place][1:]
    told = f"{field.comment}; so for {', '.join(others)}: one answer for all" if others else field.comment
    return field._replace(comment=told)

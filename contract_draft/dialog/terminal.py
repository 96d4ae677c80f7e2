"""Ask a person on a terminal, one question after the other, with the values before their eyes."""

from collections.abc import Callable

from contract_draft.dialog.listing import describe_question, word_answer
from contract_draft.draft import Draft
from contract_draft.questions.answers import Answers
from contract_draft.questions.topics import TOPICS, Question
from credit.common.errors import CreditError

_HELP = """\
Enter takes what is in [ ]; `?` leaves a question open; Ctrl-C ends, and keeps what is answered.
Where several columns are asked about, an answer is for all of them, and `column = answer` for one.
"""


def ask_person(make_draft: Callable[[Answers], Draft], answers: Answers, keep: Callable[[Draft], None]) -> Draft:
    """Ask the open questions; return the draft with the answers, when all are asked or the person ends it.

    `keep` is called after each answer, so that none is lost whatever ends the walk.
    """
    draft = make_draft(answers)
    skipped: set[str] = set()
    adopting: Answers | None = None
    print(_HELP)
    try:
        while waiting := [question for question in draft.questions if question.key not in skipped]:
            given = _ask(draft, waiting[0], len(waiting))
            if not given:
                skipped.add(waiting[0].key)
                continue
            adopting = draft.answers.add(waiting[0].section, given)
            draft, adopting = _adopt(make_draft, draft, adopting), None
            keep(draft)
    except (KeyboardInterrupt, EOFError):
        print()
    if adopting is not None:  # what was answered last, and is not in the draft yet
        draft = _adopt(make_draft, draft, adopting)
        keep(draft)
    return draft


def _adopt(make_draft: Callable[[Answers], Draft], draft: Draft, answers: Answers) -> Draft:
    """Make the draft of these answers; where they do not fit, say so and keep the one that there is."""
    try:
        return make_draft(answers)
    except CreditError as error:
        print(f"  {error}")
        return draft


def _ask(draft: Draft, question: Question, left: int) -> dict[str, object]:
    """Ask one question; return the answer of each column, none where it is left open."""
    print(f"({left} to go) {TOPICS[question.topic].asks}")
    for line in describe_question(draft, question):
        print(f"  {line}")
    different = list(dict.fromkeys(map(word_answer, question.proposals)))
    default = f" [{'; '.join(different)}]" if question.has_default else ""
    typed = input(f"  {question.section}{default}: ").strip()
    print()
    if typed.startswith("?") or (not typed and not question.has_default):
        return {}
    if not typed:
        return dict(zip(question.columns, question.proposals, strict=True))
    column, is_one, answer = (part.strip() for part in typed.partition("="))
    if is_one and column in question.columns:
        return {column: answer}
    return dict.fromkeys(question.columns, typed)

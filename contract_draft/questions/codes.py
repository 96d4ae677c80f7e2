"""Values that might mean "not known": those that a person says are real go back among the values."""

from dataclasses import replace

from contract_draft.column_profile import CellValue, ColumnProfile
from contract_draft.fields import OpenQuestion
from contract_draft.questions.answers import Answers, judge_answer
from credit.common.errors import CreditError, Problem


def keep_codes(look: ColumnProfile, key: str, answers: Answers, problems: list[Problem]) -> ColumnProfile:
    """Keep the codes that are answered to be some; add to `problems` when an answer does not fit."""
    answer, where = answers.find("codes", key), answers.name_place("codes", key)
    if answer is None or not look.codes:
        return look
    try:
        kept = judge_answer(OpenQuestion(None, "codes", choices=look.codes), answer, where)
        return _return_values(look, kept, where)
    except CreditError as error:
        problems += error.problems
        return look


def _return_values(look: ColumnProfile, kept: list[CellValue], where: str) -> ColumnProfile:
    """Return the codes that are not kept to the values; raises CreditError for a text in a column of numbers."""
    texts = [code for code in look.codes if code not in kept and isinstance(code, str)]
    numbers = [code for code in look.codes if code not in kept and not isinstance(code, str)]
    look = replace(look, codes=tuple(code for code in look.codes if code in kept))
    if look.type not in ("boolean", "integer", "number"):
        return replace(look, values=(*look.values, *((text, 0) for text in texts))) if look.values else look
    if texts:
        found = f"an answer without {', '.join(map(repr, texts))}"
        raise CreditError(Problem(where, found, "it among the codes, as the column is one of numbers"))
    ends = [end for end in (look.low, look.high, *numbers) if end is not None]
    if not numbers or not ends:
        return look
    is_whole = look.type != "number" and all(isinstance(code, int) for code in numbers)
    return replace(look, type="integer" if is_whole else "number", low=min(ends), high=max(ends), values=())

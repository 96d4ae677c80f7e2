"""What a person says of the values of a column: how they are written, which are codes, and what becomes of levels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import yaml
from pydantic import ValidationError

from contract_draft.levels import OTHER, fold_levels, keep_levels, may_be_codes
from contract_draft.questions.answers import Answers, choose
from contract_draft.values.column_profile import CellValue, ColumnProfile
from contract_draft.values.profiling import reread_column
from contract_draft.values.text_table import TextTable
from credit.common.errors import CreditError, Problem, list_problems
from credit.contract.columns import ColumnRole
from credit.contract.levels import UNDISCLOSED
from credit.contract.text_format import TextFormat

NUMBERS = ("boolean", "integer", "number")
"""The types of a column that a rule may have a threshold of."""


def read_by_answer(table: TextTable, look: ColumnProfile, answer: Any, where: str) -> ColumnProfile:
    """Read a column as a person says that it is written; without an answer as the file suggests.

    Raises CreditError where the answer is no format, or fits few values; then the column is as the file suggests.
    """
    if answer is not None:
        by = _judge_format(answer, where)
        read = reread_column(table, look, by)
        if _is_fit(read, by):
            return read
    reread_column(table, look, look.written.reading.format if look.written else TextFormat())
    if answer is not None:
        raise CreditError(Problem(where, f"values that are not {by}", "the format that nearly all are written by"))
    return look


def _judge_format(answer: Any, where: str) -> TextFormat:
    said = _parse_text(answer)
    if not isinstance(said, dict):
        expected = 'a format such as {decimal: ","}, or {} for plain notation'
        raise CreditError(Problem(where, repr(answer), expected))
    try:
        return TextFormat.model_validate(said)
    except ValidationError as error:
        raise CreditError(list_problems(error, where)) from None


def _is_fit(look: ColumnProfile, by: TextFormat) -> bool:
    """Tell whether nearly all values of a column are numbers or dates, as the format has it."""
    if by.date is not None:
        return look.type in ("date", "timestamp")
    return look.type in NUMBERS or not by.is_of_numbers


def settle_values(
    looks: Mapping[str, ColumnProfile], roles: Mapping[str, ColumnRole], answers: Answers
) -> tuple[dict[str, ColumnProfile], set[tuple[str, str]], list[Problem]]:
    """Settle codes and levels by the answers; also the keys that may be answered, and the answers that do not fit.

    Levels may be answered of every category: what is rare this month is not next month.
    """
    settled, asked, problems = dict(looks), set[tuple[str, str]](), list[Problem]()
    settle: dict[str, Callable[[ColumnProfile, str, Any, str], ColumnProfile]]
    settle = {"codes": _settle_codes, "levels": _settle_levels}
    for key, look in looks.items():
        sections = ["codes"] if look.codes else []
        is_coded = (roles[key] == "protected" and look.values) or (roles[key] == "feature" and may_be_codes(look))
        sections += ["levels"] if look.type == "category" or is_coded else []
        for section in sections:
            asked.add((section, key))
            answer, where = answers.find(section, key), answers.name_place(section, key)
            try:
                if answer is not None:
                    made = settle[section](settled[key], roles[key], answer, where)
                    settled[key] = replace(made, settled=made.settled | {section})
            except CreditError as error:
                problems += error.problems
    return settled, asked, problems


def _settle_codes(look: ColumnProfile, _: str, answer: Any, where: str) -> ColumnProfile:
    """Keep the codes that are answered to be some; the others go back among the values.

    Raises CreditError for a value that is no code, and for a text in a column of numbers.
    """
    said = _parse_text(answer)
    if not isinstance(said, list):
        raise CreditError(Problem(where, repr(answer), "a list such as [a, b], or [] for none"))
    kept = [choose(value, look.codes, where) for value in said]
    return _return_values(look, kept, where)


def _return_values(look: ColumnProfile, kept: list[CellValue], where: str) -> ColumnProfile:
    texts = [code for code in look.codes if code not in kept and isinstance(code, str)]
    numbers = [code for code in look.codes if code not in kept and not isinstance(code, str)]
    look = replace(look, codes=tuple(code for code in look.codes if code in kept))
    if look.type not in NUMBERS:
        return replace(look, values=(*look.values, *((text, 0) for text in texts))) if look.values else look
    if texts:
        found = f"an answer without {', '.join(map(repr, texts))}"
        raise CreditError(Problem(where, found, "it among the codes, as the column is one of numbers"))
    ends = [end for end in (look.low, look.high, *numbers) if end is not None]
    if not numbers or not ends:
        return look
    is_whole = look.type != "number" and all(isinstance(code, int) for code in numbers)
    return replace(look, type="integer" if is_whole else "number", low=min(ends), high=max(ends), values=())


def _settle_levels(look: ColumnProfile, role: str, answer: Any, where: str) -> ColumnProfile:
    """Keep the levels of a list, or let levels count as another one, or as undisclosed, by a mapping.

    Whole numbers of a feature become levels, unless the list is empty: then they are amounts.
    """
    said, counts = _parse_text(answer), dict(look.values)
    if role == "feature" and may_be_codes(look):
        if said == []:
            return look
        look = replace(look, type="category")
    if isinstance(said, list) and said:
        return keep_levels(look, [_name_level(level, counts, where) for level in said])
    if not isinstance(said, dict) or not all(isinstance(levels, list) for levels in said.values()):
        raise CreditError(Problem(where, repr(answer), "a list such as [a, b], or {a: [b]} where b counts as a"))
    if role in ("label", "id", "group", "time"):
        raise CreditError(Problem(where, repr(answer), f"a list such as [a, b], as the role is {role}"))
    fold = {
        _name_level(into, {**counts, UNDISCLOSED: 0}, where): [_name_level(level, counts, where) for level in levels]
        for into, levels in said.items()
    }
    moved = [level for levels in fold.values() for level in levels]
    targets = [level for level in counts if level not in moved]
    targets += [UNDISCLOSED] if role == "protected" else [OTHER]
    for into in fold:
        choose(into, tuple(targets), where)
    if twice := sorted({level for level in moved if moved.count(level) > 1}):
        raise CreditError(Problem(where, f"{', '.join(twice)} twice", "each level once"))
    return fold_levels(look, fold)


def _name_level(level: Any, known: Mapping[str, int], where: str) -> str:
    if isinstance(level, list | dict):
        raise CreditError(Problem(where, repr(level), f"one of {', '.join(known)}"))
    return str(level)


def _parse_text(answer: Any) -> Any:
    """Parse an answer that is typed, or was a proposal: [a, b] or {a: [b]}, of which all words stay text."""
    if not isinstance(answer, str) or not answer.startswith(("[", "{")):
        return answer
    try:
        return yaml.load(answer, yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError:
        return answer

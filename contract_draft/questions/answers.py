"""The answers of a person: read from a file, judged against the question that each is for."""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from contract_draft.fields import OpenQuestion
from contract_draft.label import list_label_values
from contract_draft.questions.topics import SECTIONS
from contract_draft.values.column_profile import ColumnProfile
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import read_yaml

_BOOLEAN_WORDS = {False: "false f no n 0 0.0", True: "true t yes y 1 1.0"}
_OPEN = "?"  # an answer that starts with it is none yet, as in a contract
_MIN_LIKENESS = 0.7  # of a name to the one that a column had before
_EMPTY = (None, "", "~", "null")  # as YAML and JSON write that there is none


class Answers(NamedTuple):
    """Answers by section; in a section with an answer for each column, by column. `file`: where they were read."""

    file: str
    given: Mapping[str, Any]

    def find(self, section: str, column: str = "") -> Any:
        """Find an answer; None where there is none."""
        found = self.given.get(section)
        return found.get(column) if SECTIONS[section] and found is not None else found

    def add(self, section: str, answers: Mapping[str, Any]) -> "Answers":
        """Add answers by column; where the section has one answer for all, the column does not count."""
        if not SECTIONS[section]:
            return self._replace(given={**self.given, section: next(iter(answers.values()))})
        return self._replace(given={**self.given, section: {**self.given.get(section, {}), **answers}})

    def list_keys(self) -> set[tuple[str, str]]:
        """List the section and the column of every answer; the column is empty where there is none."""
        return {
            (section, column) for section, of in self.given.items() for column in (of if SECTIONS[section] else [""])
        }

    def name_place(self, section: str, column: str) -> str:
        """Name the place of an answer for a message."""
        place = f"{section}.{column}" if SECTIONS[section] else section
        return f"{self.file}: {place}" if self.file else place


NO_ANSWERS = Answers("", {})


def read_answers(path: Path) -> Answers:
    """Read a file of answers, YAML or JSON, as texts; an answer that is empty or begins with `?` is left open.

    Raises CreditError that names every unknown key and every section that is no list of columns.
    """
    content = read_yaml(path, as_text=True)
    if not isinstance(content, dict):
        fix = "--questions FILE writes one"
        raise CreditError(Problem(str(path), "no answers", f"some of the keys {', '.join(SECTIONS)}", fix))
    problems, given = [], {}
    for section, found in content.items():
        if section not in SECTIONS:
            problems.append(Problem(f"{path}: {section}", "unknown key", fix=f"the keys are {', '.join(SECTIONS)}"))
        elif SECTIONS[section] and not isinstance(found, dict):
            problems.append(Problem(f"{path}: {section}", repr(found), "an answer for each column, `column: answer`"))
        elif SECTIONS[section]:
            given[section] = {str(column): answer for column, answer in found.items() if not _is_open(answer)}
        elif not _is_open(found):
            given[section] = found
    raise_if_any(problems)
    return Answers(str(path), given)


def _is_open(answer: Any) -> bool:
    return answer in _EMPTY or (isinstance(answer, str) and answer.startswith(_OPEN))


def judge_answer(mark: OpenQuestion, answer: Any, where: str) -> Any:
    """Judge the answer to a question and return it as the contract has it. Raises CreditError if it does not fit."""
    if mark.topic == "threshold":
        return _judge_number(answer, where)
    if mark.choices:
        return choose(answer, mark.choices, where)
    if not isinstance(answer, str) or not answer.strip():
        raise CreditError(Problem(where, repr(answer), "a text"))
    return answer


def _judge_number(answer: Any, where: str) -> float:
    try:
        number = math.nan if isinstance(answer, bool) else float(answer)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise CreditError(Problem(where, repr(answer), "a number"))
    return number


def choose(answer: Any, choices: tuple[Any, ...], where: str) -> Any:
    """Choose what a person means: a number in quotes is a number, and 0 or `no` is false where there is no other."""
    means = {str(choice): choice for choice in choices}
    if choices == (False, True):
        means = {word: is_true for is_true, words in _BOOLEAN_WORDS.items() for word in words.split()}
    found = means.get(str(answer).casefold() if choices == (False, True) else str(answer))
    if found is None:
        listed = ["false", "true"] if choices == (False, True) else list(means)
        raise CreditError(Problem(where, repr(answer), f"one of {', '.join(listed)}"))
    return found


def find_favourable(answers: Answers, label: ColumnProfile | None) -> Any:
    """Find the value of the label that is answered to be good; None where there is no answer, or none that fits."""
    answer = answers.find("favourable")
    if answer is None or label is None:
        return None
    try:
        return choose(answer, list_label_values(label), "")
    except CreditError:  # told where the question is answered
        return None


def find_needless(answers: Answers, asked: set[tuple[str, str]]) -> list[Problem]:
    """Find the answers that nothing asks for: a column that the file lacks, or a group of one that is a feature."""
    problems = []
    names = {name for _, name in asked if name}
    for section, column in sorted(answers.list_keys() - asked):
        there = sorted(name for of, name in asked if of == section and name)
        expected = f"one of {', '.join(there)}" if there else "none: the other answers leave nothing to ask"
        found = "an answer to no question"
        if column and column not in names:
            found += f", as no column is called {column!r}"
        near = get_close_matches(column, names, 1, _MIN_LIKENESS) if column not in names else []
        fix = f"is it {near[0]!r} now? Else delete the line" if near else "delete the line"
        problems.append(Problem(answers.name_place(section, column), found, expected, fix))
    return problems


def add_remedies(problems: Sequence[Problem], answers: Answers) -> list[Problem]:
    """Say of each problem with an answer of a file what to do where nothing better is said."""
    is_told = [bool(one.fix) or not answers.file or not one.where.startswith(answers.file) for one in problems]
    return [one if told else one._replace(fix=_propose_fix(one)) for one, told in zip(problems, is_told, strict=True)]


def _propose_fix(problem: Problem) -> str:
    choices = problem.expected.removeprefix("one of ").split(", ")
    near = get_close_matches(problem.found.strip("'"), choices, 1, _MIN_LIKENESS)
    otherwise = "delete the line to be asked again"
    return f"is it {near[0]!r} now? Else {otherwise}" if near else f"answer otherwise, or {otherwise}"

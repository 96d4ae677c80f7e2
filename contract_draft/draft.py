"""The text of a draft: facts as values, judgements as questions.

Facts of the file are written as values: types, whether values are missing, the values of categories. Whatever is
a judgement is written as a question, a value that begins with `?` and goes on with a proposal; `load_contract`
refuses a contract as long as one is left. Questions are: the role of every column that a name or its content makes
suspicious (and what follows from that role), codes for missing values, and what no file says (licence, row).

A person who must confirm 200 times that a plain feature is a feature stops reading, and misses the one that is not.
So questions that are alike are one, and plain features carry none of their own: `reviewed` asks who went through the
list of them, and read the texts, which are made of the columns' names.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from contract_draft.ages import guess_sources
from contract_draft.document.entries import draft_entries, draft_top
from contract_draft.document.notes import write_notes
from contract_draft.document.text import write_document, write_header
from contract_draft.families import find_families
from contract_draft.fields import DraftField
from contract_draft.guesses import Guess, guess_roles
from contract_draft.label import find_likely_label
from contract_draft.leakage import MAX_AUC, MAX_PROXY_AUC, find_telling_columns, list_possible_labels, list_protected
from contract_draft.questions.answers import NO_ANSWERS, Answers, add_remedies, find_favourable, find_needless
from contract_draft.questions.marks import resolve_marks
from contract_draft.questions.roles import adopt_roles, find_misfits, suspect_proxies
from contract_draft.questions.topics import Question
from contract_draft.questions.values import NUMBERS, read_by_answer
from contract_draft.rule import doubt_score, draft_rule
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.profiling import profile_columns
from contract_draft.values.text_table import TextTable, open_text_table
from credit.common.errors import CreditError, Problem, raise_if_any


@dataclass(frozen=True)
class Draft:
    """The YAML text of a contract, its open questions, the most important first, and the profiles that they are about.

    `looks`: by column or family. `labels`: the columns that may be chosen as the label. `answers`: those it was made
    with. `write`: writes the text.
    """

    questions: list[Question]
    looks: Mapping[str, ColumnProfile]
    labels: Sequence[str]
    answers: Answers
    write: Callable[[], str]

    @cached_property
    def text(self) -> str:
        """The text, written when somebody reads it: a dialog makes a draft after every answer and keeps the last."""
        return self.write()


def draft_contract(path: Path, name: str, answers: Answers = NO_ANSWERS) -> Draft:
    """Draft a contract from a file. The same file and the same answers give the same text."""
    with survey_file(path) as survey:
        return survey.draft(name, answers)


@contextmanager
def survey_file(path: Path) -> Iterator["Survey"]:
    """Read a file, for drafts with answers that come one after the other."""
    with open_text_table(path) as table:
        looks = profile_columns(table)
        raise_if_any(_find_question_marks(looks, str(path)))
        yield Survey(path, table, looks)


class Survey:
    """A file that is open, with the profiles of its columns."""

    def __init__(self, path: Path, table: TextTable, looks: Sequence[ColumnProfile]) -> None:
        self._path, self._table, self._found = path, table, looks
        self._looks, self._formats = list(looks), dict[str, Any]()  # as answered
        self._telling: dict[tuple[str, ...], dict[str, dict[str, float]]] = {}

    def draft(self, name: str, answers: Answers = NO_ANSWERS) -> Draft:
        """Draft a contract with these answers. Raises CreditError with every answer that fits no question."""
        try:
            return self._draft(name, answers)
        except CreditError as error:
            raise CreditError(add_remedies(error.problems, answers)) from None

    def _draft(self, name: str, answers: Answers) -> Draft:
        misread = self._read_formats(answers)
        label = find_likely_label(self._looks, answers.find("label"), answers.name_place("label", ""))
        labels = list_possible_labels(self._looks, label)
        telling = self._find_telling(labels, MAX_AUC)
        guesses = self._guess_roles(label, telling, answers)
        folded = find_families(self._looks, guesses)
        guesses, problems = adopt_roles(guesses, folded, answers)
        guesses |= guess_sources(self._table, self._looks, guesses)
        drafted = draft_entries(self._looks, guesses, answers)
        parts = {**draft_top(self._path, name), **drafted.parts}
        numbers = {name for (_, name), fields in drafted.parts.items() if fields[0].value in NUMBERS}
        rule = self._draft_rule(guesses, numbers, label, answers)
        if rule:
            parts["", "rule"] = rule
        resolved = resolve_marks(parts, answers)
        asked = {("label", ""), *(("roles", name) for name in [*guesses, *(fold.name for fold in folded)])}
        asked |= {("formats", look.name) for look in self._looks}
        asked |= resolved.asked | drafted.asked | ({("rule", "")} if rule else set())
        problems += [*misread, *drafted.problems, *resolved.problems]
        problems = list(dict.fromkeys(problems)) or [
            *find_needless(answers, asked),
            *find_misfits(resolved.fields, answers),
        ]
        raise_if_any(problems)
        has_rule = bool(rule) or any(guess.role == "score" for guess in guesses.values())
        notes = write_notes(guesses, telling, label, has_rule)
        header = write_header(self._path.name, self._table.rows, len(self._looks))
        write = partial(write_document, resolved.fields, header, notes)
        return Draft(resolved.questions, drafted.looks, [look.name for look in labels], answers, write)

    def _read_formats(self, answers: Answers) -> list[Problem]:
        """Read the columns as they are answered to be written; list the answers that do not fit."""
        problems: list[Problem] = []
        for place, found in enumerate(self._found):
            said = answers.find("formats", found.name)
            if said == self._formats.get(found.name):
                continue
            self._looks[place], self._formats[found.name] = found, None
            try:
                where = answers.name_place("formats", found.name)
                self._looks[place] = read_by_answer(self._table, found, said, where)
                self._formats[found.name] = said
            except CreditError as error:
                problems += error.problems
        return problems

    def _guess_roles(
        self, label: ColumnProfile | None, telling: Mapping[str, Mapping[str, float]], answers: Answers
    ) -> dict[str, Guess]:
        told = telling.get(label.name, {}) if label else {}
        guesses = guess_roles(self._looks, label, told, answers.find("label") is not None)
        for look in self._looks:
            if guesses[look.name].role == "score" and (
                doubtful := doubt_score(self._table, look, label, find_favourable(answers, label))
            ):
                guesses[look.name] = doubtful
        said = [column for column, role in answers.given.get("roles", {}).items() if role == "protected"]
        return suspect_proxies(guesses, self._find_telling(list_protected(self._looks, said), MAX_PROXY_AUC))

    def _find_telling(self, labels: Sequence[ColumnProfile], above: float) -> dict[str, dict[str, float]]:
        """Find the columns that guess others; it is slow, so that the same is not measured again after an answer."""
        key = (str(above), str(self._formats), *(look.name for look in labels))
        if key not in self._telling:
            self._telling[key] = find_telling_columns(self._table, self._looks, labels, above)
        return self._telling[key]

    def _draft_rule(
        self,
        guesses: Mapping[str, Guess],
        numbers: Collection[str],
        label: ColumnProfile | None,
        answers: Answers,
    ) -> list[DraftField]:
        if any(guess.role == "score" for guess in guesses.values()):
            return []
        features = [look for look in self._looks if guesses[look.name].role == "feature" and look.name in numbers]
        chosen, where = answers.find("rule"), answers.name_place("rule", "")
        return draft_rule(self._table, features, label, chosen, where, find_favourable(answers, label))


def _find_question_marks(looks: Sequence[ColumnProfile], file: str) -> list[Problem]:
    return [
        Problem(f"{file}: {look.name}", f"the value {text!r}", "no `?` at its start: it marks a question in a contract")
        for look in looks
        if look.type == "category"
        for text, _ in look.values
        if text.startswith("?")
    ]

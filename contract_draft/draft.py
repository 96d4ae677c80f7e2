"""The text of a draft: facts as values, judgements as questions.

Facts of the file are written as values: types, whether values are missing, the values of categories. Whatever is
a judgement is written as a question, a value that begins with `?` and goes on with a proposal; `load_contract`
refuses a contract as long as one is left. Questions are: the role of every column that a name or its content makes
suspicious (and what follows from that role), codes for missing values, and what no file says (licence, row).

A person who must confirm 200 times that a plain feature is a feature stops reading, and misses the one that is not.
So questions that are alike are one, and plain features carry none of their own: `reviewed` asks who went through the
list of them, and read the texts, which are made of the columns' names.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

from contract_draft import fields
from contract_draft.ages import draft_ages, guess_sources
from contract_draft.families import ColumnFamily, find_families
from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import Guess, find_likely_label, guess_roles
from contract_draft.leakage import MAX_AUC, MAX_PROXY_AUC, find_telling_columns, list_possible_labels, list_protected
from contract_draft.protected_groups import choose_free_name, draft_protected_column
from contract_draft.questions.answers import NO_ANSWERS, Answers, find_needless
from contract_draft.questions.marks import Part, resolve_marks
from contract_draft.questions.roles import adopt_roles, find_misfits, suspect_proxies
from contract_draft.questions.topics import Question
from contract_draft.questions.values import read_by_answer, settle_values
from contract_draft.rule import draft_rule
from contract_draft.values.column_profile import ColumnProfile, profile_columns
from contract_draft.values.text_table import TextTable, open_text_table
from contract_draft.yaml_comments import build_block, build_blocks, dump_yaml
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import ColumnRole

_HEADER = """\
Draft of a contract for {file}: {rows:,} rows, {columns:,} columns.
A value that begins with `?` is a question. Replace it by your answer; where the proposal behind the `?` is right,
delete `? `, and the quotes too if it is a number, a list, {{...}} or true or false. Comments say what to decide.
A question whose comment names other columns is asked for all of them: where its answer differs, change those too.
A role is one of {roles}.
A column without a question looks like a plain feature or is not in doubt: `reviewed` asks you to confirm that.
Descriptions, and the reasons that an applicant is told, are made of the columns' names: make sentences of them.
Codes of a category may get `labels`, the words that people read.
A column that guesses the label nearly always is taken for a leak. Where it is known when you decide, make it a
feature that says `known_at_decision: true`.
A `range` in a comment is what the file shows, not a limit: write down limits that you know.
"""


class Draft(NamedTuple):
    """The YAML text of a contract, its open questions, the most important first, and the profiles that they are about.

    `looks`: by column or family. `labels`: the columns that may be chosen as the label. `answers`: those it was made
    with.
    """

    text: str
    questions: list[Question]
    looks: Mapping[str, ColumnProfile]
    labels: Sequence[str]
    answers: Answers


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
        misread = self._read_formats(answers)
        label = find_likely_label(self._looks, answers.find("label"), answers.name_place("label", ""))
        labels = list_possible_labels(self._looks, label)
        telling = self._find_telling(labels, MAX_AUC)
        guesses = self._guess_roles(label, telling, answers)
        folded = find_families(self._looks, guesses)
        guesses, problems = adopt_roles(guesses, folded, answers)
        guesses |= guess_sources(self._table, self._looks, guesses)
        drafted = _draft_entries(self._looks, guesses, answers)
        parts = {**_draft_top(self._path, name), **drafted.parts}
        rule = self._draft_rule(guesses, folded, label, answers)
        if rule:
            parts["", "rule"] = rule
        resolved = resolve_marks(parts, answers)
        asked = {("label", ""), *(("roles", name) for name in [*guesses, *(fold.name for fold in folded)])}
        asked |= {("formats", look.name) for look in self._looks}
        asked |= resolved.asked | drafted.asked | ({("rule", "")} if rule else set())
        problems += [*misread, *drafted.problems, *resolved.problems]
        raise_if_any(
            list(dict.fromkeys(problems)) or [*find_needless(answers, asked), *find_misfits(resolved.fields, answers)]
        )
        has_rule = bool(rule) or any(guess.role == "score" for guess in guesses.values())
        notes = _write_notes(guesses, telling, label, has_rule)
        header = _HEADER.format(
            file=self._path.name, rows=self._table.rows, columns=len(self._looks), roles=", ".join(get_args(ColumnRole))
        )
        text = _write_document(resolved.fields, header, notes)
        return Draft(text, resolved.questions, drafted.looks, [look.name for look in labels], answers)

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
        folded: Sequence[ColumnFamily],
        label: ColumnProfile | None,
        answers: Answers,
    ) -> list[DraftField]:
        if any(guess.role == "score" for guess in guesses.values()):
            return []
        members = {name for fold in folded for name in fold.members}
        features = [look for look in self._looks if guesses[look.name].role == "feature" and look.name not in members]
        return draft_rule(self._table, features, label, answers.find("rule"), answers.name_place("rule", ""))


class _DraftedParts(NamedTuple):
    """The columns and the families, derived columns last; their profiles by name, as the file shows them.

    `asked`: the columns whose codes or levels may be answered; `problems`: answers that do not fit.
    """

    parts: dict[Part, list[DraftField]]
    looks: dict[str, ColumnProfile]
    asked: set[tuple[str, str]]
    problems: list[Problem]


def _find_question_marks(looks: Sequence[ColumnProfile], file: str) -> list[Problem]:
    return [
        Problem(f"{file}: {look.name}", f"the value {text!r}", "no `?` at its start: it marks a question in a contract")
        for look in looks
        if look.type == "category"
        for text, _ in look.values
        if text.startswith("?")
    ]


def _draft_top(path: Path, name: str) -> dict[Part, list[DraftField]]:
    row = OpenQuestion("What one row is: one application of one person, on which day, where", "row")
    licence = OpenQuestion("The licence, or the ground on which the data may be used", "licence")
    reviewed = OpenQuestion("Who went through the plain features listed above and read all texts, and when", "reviewed")
    source = [
        DraftField("title", f"The file {path.name}"),
        DraftField("licence", licence),
        DraftField("citation", f"The file {path.name}", "how to cite or find the source"),
    ]
    return {
        ("", ""): [DraftField("name", name), DraftField("row", row)],
        ("", "source"): source,
        ("", "reviewed"): [DraftField("reviewed", reviewed)],
    }


def _draft_entries(looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess], answers: Answers) -> _DraftedParts:
    folded = find_families(looks, guesses)
    members = {name for fold in folded for name in fold.members}
    columns: dict[Part, list[DraftField]] = {}
    derived: dict[Part, list[DraftField]] = {}
    shown = {look.name: look for look in looks if look.name not in members} | {fold.name: fold.look for fold in folded}
    roles = {name: guess.role for name, guess in guesses.items()} | {fold.name: fold.guess.role for fold in folded}
    kept, asked, problems = settle_values(shown, roles, answers)
    taken = {look.name.casefold() for look in looks}
    for look in looks:
        if look.name in members:
            continue
        guess = guesses[look.name]
        name = choose_free_name(look, guess, taken)
        columns["columns", look.name] = fields.draft_column(kept[look.name], guess, name)
        if name:
            taken.add(name.casefold())
            shown[name] = look
            derived["columns", name] = draft_protected_column(kept[look.name], guess)
    ages = {("columns", name): drafted for name, drafted in draft_ages(looks, guesses, taken).items()}
    families = {("families", fold.name): _draft_family(fold, kept[fold.name]) for fold in folded}
    return _DraftedParts({**columns, **derived, **ages, **families}, shown, asked, problems)


def _draft_family(fold: ColumnFamily, look: ColumnProfile) -> list[DraftField]:
    pattern = DraftField("pattern", fold.pattern, f"{len(fold.members):,} columns: {_shorten_names(fold.members)}")
    return [pattern, *fields.draft_column(replace(look, name=fold.name), fold.guess)]


def _write_document(parts: Mapping[Part, Sequence[DraftField]], header: str, notes: Sequence[str]) -> str:
    document = build_block(parts["", ""], 0)
    document["source"] = build_block(parts["", "source"], 2)
    document.update(build_block(parts["", "reviewed"], 0))
    for block in ("columns", "families"):
        if named := {name: listed for (of, name), listed in parts.items() if of == block}:
            document[block] = build_blocks(named, 2)
    if ("", "rule") in parts:
        document["rule"] = build_block(parts["", "rule"], 2)
    document.yaml_set_start_comment(header)
    document.yaml_set_comment_before_after_key("reviewed", "\n".join(map(_wrap_comment, notes)))
    for block in ("columns", "families", "rule"):
        document.yaml_set_comment_before_after_key(block, "\n")
    return dump_yaml(document)


def _write_notes(
    guesses: Mapping[str, Guess],
    telling: Mapping[str, Mapping[str, float]],
    label: ColumnProfile | None,
    has_rule: bool,
) -> list[str]:
    """Write down what a person should know before going through the columns."""
    plain = [column for column, guess in guesses.items() if guess.role == "feature"]
    notes = [f"Plain features ({len(plain):,}): {_shorten_names(plain)}", *_note_leaks(telling, label)]
    if not has_rule:
        notes.append("No score and no number to decide by was found: add a block `rule`, or a column of role score.")
    if not any(guess.role == "protected" for guess in guesses.values()):
        notes.append("No column looks protected: add one of role protected, by which equal treatment is judged.")
    return notes


def _note_leaks(telling: Mapping[str, Mapping[str, float]], label: ColumnProfile | None) -> list[str]:
    """Note for every other column that may be chosen as the label which columns would give it away."""
    notes = [
        f"If {name} is the label: {', '.join(f'{told} (AUC {auc:.3f})' for told, auc in columns.items())}"
        for name, columns in telling.items()
        if columns and (label is None or name != label.name)
    ]
    if not notes:
        return []
    return ["Columns that guess another one nearly always leak it, should that one be chosen as the label:", *notes]


def _wrap_comment(comment: str) -> str:
    return textwrap.fill(comment, 116, subsequent_indent="  ", break_on_hyphens=False)


def _shorten_names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 100 else f"{', '.join(names[:3])}, ..., {names[-1]} ({len(names):,})"

"""The text of a draft: facts as values, judgements as questions.

Facts of the file are written as values: types, whether values are missing, the values of categories. Whatever is
a judgement is written as a question, a value that begins with `?` and goes on with a proposal; `load_contract`
refuses a contract as long as one is left. Questions are: the role of every column that a name or its content makes
suspicious (and what follows from that role), codes for missing values, and what no file says (source, licence, row).

A person who must confirm 200 times that a plain feature is a feature stops reading, and misses the one that is not.
So plain features carry no question of their own; one question, `reviewed`, asks who went through the list of them.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract_draft import fields
from contract_draft.ages import draft_ages, guess_sources
from contract_draft.families import ColumnFamily, find_families
from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import Guess, find_likely_label, guess_roles
from contract_draft.leakage import find_telling_columns, list_possible_labels
from contract_draft.protected_groups import choose_free_name, draft_protected_column
from contract_draft.rule import draft_rule
from contract_draft.values.column_profile import ColumnProfile, profile_columns
from contract_draft.values.text_table import open_text_table
from contract_draft.yaml_comments import build_block, build_blocks, dump_yaml
from credit.common.errors import Problem, raise_if_any

_HEADER = """\
Draft of a contract for {file}: {rows:,} rows, {columns:,} columns.
A value that begins with `?` is a question. Replace it by your answer; where the proposal behind the `?` is right,
delete `? `, and the quotes too if it is a number, a list, {{...}} or true or false. Comments say what to decide.
A column without a question looks like a plain feature or is not in doubt: `reviewed` asks you to confirm that.
Give every feature a `description`, and as `reason` the words for an applicant when it counts against them;
the check lists those that have none. Codes of a category may get `labels`, the words that people read.
A column that guesses the label nearly always is taken for a leak. Where it is known when you decide, make it a
feature that says `known_at_decision: true`.
A `range` in a comment is what the file shows, not a limit: write down limits that you know.
"""


def draft_contract(path: Path, name: str, chosen_label: str | None = None) -> tuple[str, int]:
    """Draft the YAML text of a contract; also count its questions. The same file gives the same text.

    chosen_label: the column that a person says the label is; without it the likeliest one is proposed.
    """
    with open_text_table(path) as table:
        looks = profile_columns(table)
        label = find_likely_label(looks, chosen_label)
        raise_if_any(_find_question_marks(looks, str(path)))
        telling = find_telling_columns(table, looks, list_possible_labels(looks, label))
        guesses = guess_roles(looks, label, telling.get(label.name, {}) if label else {}, chosen_label is not None)
        guesses |= guess_sources(table, looks, guesses)
        columns, families = _draft_entries(looks, guesses)
        has_score = any(guess.role == "score" for guess in guesses.values())
        features = [look for look in looks if look.name in columns and guesses[look.name].role == "feature"]
        rule = [] if has_score else draft_rule(table, features, label)
    plain = [column for column, guess in guesses.items() if guess.role == "feature"]
    top = [
        DraftField("name", name),
        DraftField("row", OpenQuestion("What one row is: one application of one person, on which day, where")),
    ]
    source = [
        DraftField("title", OpenQuestion("Where the data comes from")),
        DraftField("licence", OpenQuestion("The licence, or the ground on which the data may be used")),
        DraftField("citation", OpenQuestion("How to cite or find the source")),
    ]
    reviewed = DraftField("reviewed", OpenQuestion("Who went through the plain features listed above, and when"))
    document = build_block(top, 0)
    document["source"] = build_block(source, 2)
    document.update(build_block([reviewed], 0))
    document["columns"] = build_blocks(columns, 2)
    if families:
        document["families"] = build_blocks(families, 2)
    if rule:
        document["rule"] = build_block(rule, 2)
    header = _HEADER.format(file=path.name, rows=table.rows, columns=len(looks))
    document.yaml_set_start_comment(header)
    listed = [f"Plain features ({len(plain):,}): {_shorten_names(plain)}", *_note_leaks(telling, label)]
    if not rule and not has_score:
        listed.append("No score and no number to decide by was found: add a block `rule`, or a column of role score.")
    if not any(guess.role == "protected" for guess in guesses.values()):
        listed.append("No column looks protected: add one of role protected, by which equal treatment is judged.")
    document.yaml_set_comment_before_after_key("reviewed", "\n".join(map(_wrap_comment, listed)))
    for block in ("columns", "families", "rule"):
        document.yaml_set_comment_before_after_key(block, "\n")
    asked = fields.count_questions([top, source, [reviewed], *columns.values(), *families.values(), rule])
    return dump_yaml(document), asked


def _find_question_marks(looks: Sequence[ColumnProfile], file: str) -> list[Problem]:
    return [
        Problem(f"{file}: {look.name}", f"the value {text!r}", "no `?` at its start: it marks a question in a contract")
        for look in looks
        if look.type == "category"
        for text, _ in look.values
        if text.startswith("?")
    ]


def _draft_entries(
    looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]
) -> tuple[dict[str, list[DraftField]], dict[str, list[DraftField]]]:
    """Draft the columns and the families: name to fields, derived columns last."""
    folded = find_families(looks, guesses)
    members = {name for fold in folded for name in fold.members}
    columns: dict[str, list[DraftField]] = {}
    derived: dict[str, list[DraftField]] = {}
    taken = {look.name.casefold() for look in looks}
    for look in looks:
        guess = guesses[look.name]
        if look.name in members:
            continue
        name = choose_free_name(look, guess, taken)
        columns[look.name] = fields.draft_column(look, guess, name)
        if name:
            taken.add(name.casefold())
            derived[name] = draft_protected_column(look, guess)
    families = {fold.name: _draft_family(fold) for fold in folded}
    return {**columns, **derived, **draft_ages(looks, guesses, taken)}, families


def _draft_family(fold: ColumnFamily) -> list[DraftField]:
    pattern = DraftField("pattern", fold.pattern, f"{len(fold.members):,} columns: {_shorten_names(fold.members)}")
    described = DraftField("description", OpenQuestion("What these columns hold, and in which unit"))
    return [pattern, *fields.draft_column(fold.look, fold.guess)[:-1], described]


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

"""The text of a draft: YAML with its head, its notes and its comments."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import get_args

from contract_draft.document.yaml_comments import build_block, build_blocks, dump_yaml
from contract_draft.fields import DraftField
from contract_draft.questions.marks import Part
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


def write_header(file: str, rows: int, columns: int) -> str:
    """Write the head of a draft: how questions are answered."""
    return _HEADER.format(file=file, rows=rows, columns=columns, roles=", ".join(get_args(ColumnRole)))


def write_document(parts: Mapping[Part, Sequence[DraftField]], header: str, notes: Sequence[str]) -> str:
    """Write the parts of a draft as YAML."""
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


def _wrap_comment(comment: str) -> str:
    return textwrap.fill(comment, 116, subsequent_indent="  ", break_on_hyphens=False)

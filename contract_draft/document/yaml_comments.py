"""The entries of a draft as YAML with comments, by ruamel.yaml: the yaml package reads such a file and cannot write it.

Contracts are read as YAML 1.1, where `no` is false and `1:30` is 90, and ruamel.yaml writes YAML 1.2, where both are
text. So text is in quotes here unless it is words that no YAML takes for anything else.
"""

import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from contract_draft.fields import DraftField, OpenQuestion

_COMMENT_COLUMN = 40


def build_block(fields: Sequence[DraftField], indent: int) -> CommentedMap:
    """Build a block that is written with `indent` blanks before each line; a field without a value is a comment."""
    block, before = CommentedMap(), []
    for field in fields:
        comment = "".join(c if c.isprintable() else "?" for c in field.comment)
        if field.value is None:
            before.append(f"{field.key}: {comment}")
            continue
        block[field.key] = _convert_value(field.value)
        if before:
            block.yaml_set_comment_before_after_key(field.key, "\n".join(before), indent)
            before = []
        if comment:
            block.yaml_add_eol_comment(comment, field.key, _COMMENT_COLUMN)
    return block


def build_blocks(entries: Mapping[str, Sequence[DraftField]], indent: int) -> CommentedMap:
    """Build a block of named blocks."""
    return CommentedMap({quote_text(name): build_block(fields, indent + 2) for name, fields in entries.items()})


def dump_yaml(document: CommentedMap) -> str:
    """Write a document; no line is wrapped."""
    writer = YAML()
    writer.width = sys.maxsize
    stream = io.StringIO()
    writer.dump(document, stream)
    return stream.getvalue()


def _convert_value(value: Any) -> Any:
    if isinstance(value, OpenQuestion):
        proposal = value.proposal
        words = proposal if isinstance(proposal, str) else json.dumps(proposal, ensure_ascii=False)
        return DoubleQuotedScalarString(f"? {words}")
    if isinstance(value, list):
        listed = CommentedSeq(DoubleQuotedScalarString(item) if isinstance(item, str) else item for item in value)
        listed.fa.set_flow_style()
        return listed
    if isinstance(value, dict):
        pairs = CommentedMap((quote_text(key), _convert_value(item)) for key, item in value.items())
        pairs.fa.set_flow_style()
        return pairs
    return quote_text(value) if isinstance(value, str) else value


def quote_text(text: str) -> str:
    """Put text in quotes unless no YAML takes its words for anything else."""
    return text if _is_plain(text) else DoubleQuotedScalarString(text)


@lru_cache(maxsize=65_536)  # after each answer all texts are written again
def _is_plain(text: str) -> bool:
    words = re.fullmatch(r"[^\W\d_]\w*( \w+)*", text) and text.lower() not in ("y", "n")
    return bool(words) and yaml.safe_load(text) == text

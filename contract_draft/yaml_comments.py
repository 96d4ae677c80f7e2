"""YAML with comments, which the yaml package can read but not write."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract_draft.fields import DraftField, OpenQuestion


def format_fields(fields: Sequence[DraftField], indent: int) -> list[str]:
    """The lines of some fields."""
    return [" " * indent + _format_field(field) for field in fields]


def format_blocks(entries: Mapping[str, Sequence[DraftField]]) -> list[str]:
    """The lines of named blocks, one after the other."""
    lines = []
    for name, fields in entries.items():
        lines += [f"  {format_value(name)}:", *format_fields(fields, 4)]
    return lines


def format_value(value: Any) -> str:
    """A value on one line. Text is in quotes unless it is words that YAML cannot take for anything else."""
    import yaml

    words = isinstance(value, str) and re.fullmatch(r"[^\W\d_]\w*( \w+)*", value) and value.lower() not in ("y", "n")
    if words and yaml.safe_load(value) == value:
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_quote(item) if isinstance(item, str) else format_value(item) for item in value) + "]"
    if isinstance(value, str):
        return _quote(value)
    return "true" if value is True else "false" if value is False else repr(value)


def _quote(text: str) -> str:
    import yaml

    dumped: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return dumped.rstrip("\n")


def _format_field(field: DraftField) -> str:
    comment = "".join(c if c.isprintable() else "?" for c in field.comment)
    if field.value is None:
        return f"# {field.key}: {comment}"
    return f"{field.key}: {_format_field_value(field.value)}" + (f"  # {comment}" if comment else "")


def _format_field_value(value: Any) -> str:
    if not isinstance(value, OpenQuestion):
        return format_value(value)
    proposal = value.proposal if isinstance(value.proposal, str) else format_value(value.proposal)
    return _quote(f"? {proposal}")

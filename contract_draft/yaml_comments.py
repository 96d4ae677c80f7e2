"""YAML with comments, which the yaml package can read but not write."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract_draft.fields import Ask, Field


def block(fields: Sequence[Field], indent: int) -> list[str]:
    """The lines of some fields."""
    return [" " * indent + _line(field) for field in fields]


def mapping(entries: Mapping[str, Sequence[Field]]) -> list[str]:
    """The lines of named blocks, one after the other."""
    lines = []
    for name, fields in entries.items():
        lines += [f"  {flow(name)}:", *block(fields, 4)]
    return lines


def flow(value: Any) -> str:
    """A value on one line. Text is in quotes unless it is words that YAML cannot take for anything else."""
    import yaml

    words = isinstance(value, str) and re.fullmatch(r"[^\W\d_]\w*( \w+)*", value) and value.lower() not in ("y", "n")
    if words and yaml.safe_load(value) == value:
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(item) if isinstance(item, str) else flow(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return "true" if value is True else "false" if value is False else repr(value)


def _quoted(text: str) -> str:
    import yaml

    dumped: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return dumped.rstrip("\n")


def _line(field: Field) -> str:
    comment = "".join(c if c.isprintable() else "?" for c in field.comment)
    if field.value is None:
        return f"# {field.key}: {comment}"
    return f"{field.key}: {_value(field.value)}" + (f"  # {comment}" if comment else "")


def _value(value: Any) -> str:
    if not isinstance(value, Ask):
        return flow(value)
    proposal = value.proposal if isinstance(value.proposal, str) else flow(value.proposal)
    return _quoted(f"? {proposal}")

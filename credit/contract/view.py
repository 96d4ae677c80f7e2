"""The part of a contract that the pipeline computes by: all of it but the words, which only people read."""

from collections.abc import Mapping
from typing import Any

_NO_WORDS = "-"


def strip_words(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Strip a contract, as its YAML has it, of descriptions, reasons and sources; labels stay, as reports have them.

    A changed word then changes nothing that a stage depends on. `file` is where the contract is, for messages.
    """
    columns = {
        block: {name: _strip_column(of) for name, of in content[block].items()}
        for block in ("columns", "families")
        if content.get(block)
    }
    rule = {"rule": _drop(content["rule"], "reason", "reason_if_missing")} if content.get("rule") else {}
    given = {"format": content["format"]} if content.get("format") else {}
    source = dict.fromkeys(("title", "licence", "citation"), _NO_WORDS)
    return {"file": file, "name": content["name"], "row": _NO_WORDS, "source": source, **given, **columns, **rule}


def _strip_column(column: Mapping[str, Any]) -> dict[str, Any]:
    words = dict.fromkeys({"description", "because"} & set(column), _NO_WORDS)
    return _drop(column, "reason", "reason_if_missing") | words


def _drop(content: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}

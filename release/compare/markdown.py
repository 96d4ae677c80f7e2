"""Markdown as GitHub reads it: text that stays text, tables, figures."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

NONE = "\N{EN DASH}"
"""Where there is no figure."""


def escaped(text: Any) -> str:
    """Text of a revision as text: no Markdown, no HTML, no mention, no end of a cell or a line."""
    said = " ".join(str(text).split())
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
    said = said.replace("://", ":\u200b//").replace("www.", "www\u200b.")  # no address becomes a link
    return re.sub(r"([\\`*_{}\[\]#!|~])", r"\\\1", said)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A table; columns from `numbers_from` on stand on the right."""
    ruler = ["---" if i < numbers_from else "--:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, ruler, *rows))


def details(title: str, text: str) -> str:
    """A part that opens on a click."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def name(side: Mapping[str, Any]) -> str:
    """How the champion of one side is called."""
    known = {"heuristic": "rule", "logistic": "logistic regression"}
    return "the " + escaped(known.get(side["champion"], str(side["champion"]).replace("_", " ")))


def arrow(pair: Sequence[str]) -> str:
    """Base and head, or the one value of both."""
    return pair[1] if pair[0] == pair[1] else f"{pair[0]} → {pair[1]}"


def number(value: float | None) -> str:
    """Three digits."""
    return NONE if value is None else f"{value:.3f}"


def count(value: int | None) -> str:
    """A whole number."""
    return NONE if value is None else f"{value:,}"


def signed(value: float | None) -> str:
    """Three digits and a sign."""
    return NONE if value is None else f"{value:+.3f}"


def interval(bounds: Sequence[float | None] | None) -> str:
    """From low to high; nothing where there is none."""
    return "" if not bounds else f"{number(bounds[0])} to {number(bounds[1])}"


def with_interval(value: float | None, bounds: Sequence[float | None] | None) -> str:
    """A figure and its interval."""
    return number(value) if value is None else f"{value:.3f} ({interval(bounds)})"

"""Markdown as GitHub reads it: text that stays text, tables, figures."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

NONE = "\N{EN DASH}"
"""Where there is no figure."""


def escaped(text: Any) -> str:
    """Text of a revision as text: no Markdown, no HTML, no mention, no link, no end of a cell or a line.

    GitHub looks for mentions, issues and addresses after Markdown is read, so a backslash does not stop it: a space
    of no width does. What does not print, as marks that turn the direction of reading, becomes a space.
    """
    said = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    said = html(said).replace("@", "@\u200b").replace("#", "#\u200b").replace("GH-", "GH-\u200b")
    said = said.replace("://", ":\u200b//").replace("www.", "www\u200b.")
    return re.sub(r"([\\`*_{}\[\]#!|~$])", r"\\\1", said)


def html(text: str) -> str:
    """Text between tags, where Markdown is not read."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A table; columns from `numbers_from` on stand on the right."""
    ruler = ["---" if i < numbers_from else "--:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, ruler, *rows))


def details(title: str, text: str) -> str:
    """A part that opens on a click. `title`: not escaped; it is no Markdown, where backslashes would show."""
    return f"<details><summary>{html(title).replace('@', '@' + chr(0x200B))}</summary>\n\n{text}\n\n</details>"


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

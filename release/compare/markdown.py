"""Markdown for GitHub: escaped text, tables, figures."""

import re
from collections.abc import Sequence
from typing import Any

from credit.common.candidate_definition import format_candidate
from release.compare.sides import Sides

NO_VALUE = "\N{EN DASH}"
"""Where there is no figure."""


def escape(text: Any) -> str:
    """Escape a text of a revision: no Markdown, HTML, mention, link, nor end of a cell or a line is left in it.

    GitHub looks for mentions, issues and addresses after Markdown is read, so a backslash does not stop it: a space
    of no width does. What does not print, as marks that turn the direction of reading, becomes a space.
    """
    escaped = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    escaped = escape_html(escaped).replace("@", "@\u200b").replace("#", "#\u200b").replace("GH-", "GH-\u200b")
    escaped = escaped.replace("://", ":\u200b//").replace("www.", "www\u200b.")
    return re.sub(r"([\\`*_{}\[\]#!|~$])", r"\\\1", escaped)


def escape_html(text: str) -> str:
    """Escape text between tags, where Markdown is not read."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """Format a table; columns from `numbers_from` on are aligned to the right."""
    ruler = ["---" if i < numbers_from else "--:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, ruler, *rows))


def format_details(title: str, text: str) -> str:
    """Format a part that opens on a click. `title`: not escaped; it is HTML, where backslashes would show."""
    return f"<details><summary>{escape_html(title).replace('@', '@' + chr(0x200B))}</summary>\n\n{text}\n\n</details>"


def format_champion(name: str | None) -> str:
    """Name a champion."""
    return escape(format_candidate(str(name)))


def format_sides(cells: Sides[str]) -> str:
    """Format base and head, or the one value of both."""
    return f"{cells.base} → {cells.head}" if cells.has_changed else cells.head


def format_number_cell(value: float | None) -> str:
    """Format a number with three digits."""
    return NO_VALUE if value is None else f"{value:.3f}"


def format_count(value: int | None) -> str:
    """Format a whole number."""
    return NO_VALUE if value is None else f"{value:,}"


def format_signed(value: float | None) -> str:
    """Format a number with three digits and a sign."""
    return NO_VALUE if value is None else f"{value:+.3f}"


def format_interval_cell(bounds: Sequence[float | None] | None) -> str:
    """Format an interval from low to high; empty where there is none."""
    return "" if not bounds else f"{format_number_cell(bounds[0])} to {format_number_cell(bounds[1])}"


def format_with_interval(value: float | None, bounds: Sequence[float | None] | None) -> str:
    """Format a figure and its interval."""
    return format_number_cell(value) if value is None else f"{value:.3f} ({format_interval_cell(bounds)})"

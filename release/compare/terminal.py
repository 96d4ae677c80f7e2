"""The comment as a terminal shows it: the same words without the marks of Markdown, tables in columns."""

import re
from itertools import groupby

from release.compare.comment import MARKER

_BACKSLASH_ESCAPE = re.compile(r"\\([\\`*_{}\[\]#!|~$])")


def render_for_terminal(comment: str) -> str:
    """Without marker, charts and tags; what opens on a click is open."""
    text = comment.replace(MARKER, "").replace("\u200b", "")
    text = re.sub(r"```mermaid\n.*?\n```", "", text, flags=re.DOTALL)
    text = re.sub(r"<details><summary>(.*?)</summary>", r"\1", text).replace("</details>", "")
    blocks = [
        _align_table(list(lines)) if is_table else "\n".join(map(_strip_marks, lines))
        for is_table, lines in groupby(text.splitlines(), lambda line: line.startswith("| "))
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip()


def _align_table(lines: list[str]) -> str:
    """A table, its columns aligned as its ruler says."""
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    right = [cell.endswith(":") for cell in rows.pop(1)]
    told = [[_strip_marks(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    columns = [list(zip(row, widths, right, strict=True)) for row in told]
    return "\n".join("  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in row).rstrip() for row in columns)


def _strip_marks(line: str) -> str:
    line = re.sub(r"(?<!\\)(\*\*|`|^#+ |(?<!\w)_(?=\S)|(?<=\S)_(?!\w))", "", line)
    line = _BACKSLASH_ESCAPE.sub(r"\1", line)
    return line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

"""The levels of a category in a draft: which are doubtful, and what becomes of each by an answer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contract_draft.names.undisclosed import is_no_group
from contract_draft.values.column_profile import ColumnProfile
from credit.contract.levels import UNDISCLOSED

OTHER = "other"
"""The level as which those may count of which nobody knows what they mean, whether the file has it or not."""

MAX_CODES = 20
"""An integer with at most so many values may be a code."""

_RARE_SHARE = 0.01  # of the rows; of a level with fewer people no figure says much
_MOST_STRAY = 0.1  # of the rows; where more have rare numbers, those are amounts
_MANY_ROWS, _MIN_TIMES = 100, 4  # in fewer rows amounts are rare by chance, unless the others are so much commoner


def propose_levels(look: ColumnProfile, is_protected: bool) -> tuple[ColumnProfile, str]:
    """Propose what becomes of the levels of a column, and tell what is doubtful; nothing where a person said it.

    Of a protected column undisclosed become the levels that say so, and rare ones that no words explain; all others
    stay as they are.
    """
    if "levels" in look.settled:
        return look, ""
    hidden, told = _propose_undisclosed(look) if is_protected else ([], [])
    if hidden:
        look = fold_levels(look, {UNDISCLOSED: hidden})
    alike = find_alike_levels(sorted(text for text, _ in look.values))
    same = f"are {'; '.join(' and '.join(map(repr, levels)) for levels in alike)} the same?" if alike else ""
    rare = find_rare_levels(look) if is_protected else []
    if rare and not _are_codes(look):
        few = [text for text, _ in rare]
        ways = f"groups of their own, or of another, as by {_word_fold(look.values[0][0], few)}"
        told.append(f"few people, {_list_levels(rare)}: {ways}; taken out, their rows are set aside")
    elif same and not told:
        rows = dict(look.values)
        into, *others = sorted(alike[0], key=lambda level: -rows[level])
        same = f"each is a group of its own: {same} One group is made by {_word_fold(into, others)}"
    return look, "; ".join([*told, same] if same else told)


def _propose_undisclosed(look: ColumnProfile) -> tuple[list[str], list[str]]:
    """Propose the levels of a protected column that are undisclosed, and tell why; never all of them."""
    ways = "undisclosed, by `missing_codes`; moved here groups of their own; in neither set aside"
    levels = [text for text, _ in look.values]
    unsaid = [(text, rows) for text, rows in sorted(look.values) if is_no_group(text, levels)]
    if unsaid and len(unsaid) < len(look.values):
        why = "say, or look like a code, that it is not known"
        return [text for text, _ in unsaid], [f"{_list_levels(unsaid)} {why}: they are {ways}"]
    rare = find_rare_levels(look)
    if rare and _are_codes(look):
        return [text for text, _ in rare], [f"no words say what {_list_levels(rare)} mean: they are {ways}"]
    return [], []


def may_be_codes(look: ColumnProfile) -> bool:
    """Tell whether the whole numbers of a column may be codes, few as they are."""
    return look.type == "integer" and 2 < len(look.values) <= MAX_CODES


def propose_others(look: ColumnProfile) -> tuple[ColumnProfile, str]:
    """Propose that codes of few rows which no words explain count as another level, and tell which they are.

    Of amounts the largest have few rows, of codes any: a 0 below, a 31 between. Nothing is proposed where a person said
    which levels there are, or that they are numbers.
    """
    if "levels" in look.settled or not (may_be_codes(look) or (look.type == "category" and _are_codes(look))):
        return look, ""
    rare = find_rare_levels(look)
    few = [text for text, _ in rare]
    common = [float(text) for text, _ in look.values if text not in few]
    if not rare or (look.type == "integer" and min(float(text) for text in few) > max(common)):
        return look, ""
    if look.type == "integer" and not _are_stray(look, rare):
        return look, ""
    told = f"no words say what {_list_levels(rare)} mean: in `{OTHER}`, by `fold`, or moved to `allowed` as they are"
    if look.type == "integer":
        told += "; if the numbers are amounts: type integer, without `allowed` and `fold`, or the answer []"
    return replace(fold_levels(look, {OTHER: few}), type="category"), told


def _are_stray(look: ColumnProfile, rare: Sequence[tuple[str, int]]) -> bool:
    """Tell whether rare numbers are few beside the others, as codes are that nobody explained."""
    strays = dict(rare)
    rows, least = sum(n for _, n in look.values), min(n for text, n in look.values if text not in strays)
    is_clear = rows >= _MANY_ROWS or least >= _MIN_TIMES * max(strays.values())
    return is_clear and sum(strays.values()) <= _MOST_STRAY * rows


def _list_levels(levels: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{text!r} ({rows:,} rows)" for text, rows in levels)


def _word_fold(into: str, levels: Sequence[str]) -> str:
    return f"`fold: {json.dumps({into: list(levels)}, ensure_ascii=False)}`"


def fold_levels(look: ColumnProfile, fold: Mapping[str, Sequence[str]]) -> ColumnProfile:
    """Let levels count as another one, with their rows, or as undisclosed."""
    rows = dict(look.values)
    gone = {level for levels in fold.values() for level in levels}
    new = [(into, 0) for into in fold if into not in (*rows, UNDISCLOSED)]
    kept = [
        (text, count + sum(rows.get(level, 0) for level in fold.get(text, ())))
        for text, count in (*look.values, *new)
        if text not in gone
    ]
    return replace(
        look,
        values=_sort_by_rows(kept),
        folded=tuple((into, tuple(levels)) for into, levels in fold.items() if into != UNDISCLOSED),
        undisclosed=tuple(fold.get(UNDISCLOSED, ())),
    )


def keep_levels(look: ColumnProfile, kept: Sequence[str]) -> ColumnProfile:
    """Keep only these levels, also those that the file does not have yet."""
    rows = dict(look.values)
    return replace(look, values=_sort_by_rows([(text, rows.get(text, 0)) for text in dict.fromkeys(kept)]))


def find_rare_levels(look: ColumnProfile) -> list[tuple[str, int]]:
    """Find levels of few rows, with their rows; none where fewer than two others are left to compare."""
    most = max(1, sum(rows for _, rows in look.values) * _RARE_SHARE)
    rare = [(text, rows) for text, rows in sorted(look.values) if rows <= most]
    return rare if len(look.values) - len(rare) >= 2 else []


def find_alike_levels(levels: Sequence[str]) -> list[list[str]]:
    """Find levels that differ by capitals and blanks only, or by one being the initial of another: `F`, `Female `."""
    folded: dict[str, list[str]] = {}
    for level in levels:
        folded.setdefault(" ".join(level.casefold().split()), []).append(level)
    for initial in [text for text in folded if len(text) == 1 and text.isalpha()]:
        longer = [text for text in folded if len(text) > 1 and text.isalpha() and text.startswith(initial)]
        if len(longer) == 1:
            folded[longer[0]] = [*folded.pop(initial), *folded[longer[0]]]
    return [alike for alike in folded.values() if len(alike) > 1]


def _are_codes(look: ColumnProfile) -> bool:
    """Tell whether no level is a word that says whom it means."""
    return all(text.isdigit() for text, _ in look.values)


def _sort_by_rows(levels: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(levels, key=lambda level: (-level[1], level[0])))

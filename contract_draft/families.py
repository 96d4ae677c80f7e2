"""Families of columns with numbered names (noise_0001, noise_0002, ...), each covered by one description."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_draft.guesses import Guess
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.numbering import MIN_MEMBERS, TYPES_BY_WIDTH, name_kind, split_stem
from credit.contract.text_format import TextFormat

_MANY_MEMBERS = 20  # so many are described as one even where their levels differ


class ColumnFamily(NamedTuple):
    """A family: the pattern that its members' names match, one profile that fits all of them, and one guess."""

    name: str
    pattern: str
    look: ColumnProfile
    guess: Guess
    members: tuple[str, ...]


def find_families(looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> list[ColumnFamily]:
    """Find the families among the columns. Members share stem, kind and guess; an odd column stays alone."""
    groups: dict[tuple[str, str, Guess, TextFormat | None], list[ColumnProfile]] = defaultdict(list)
    for look in looks:
        guess = guesses[look.name]
        is_doubtful = look.written is not None and look.written.is_doubtful  # a question is about a column
        stem = split_stem(look.name)
        if stem and guess.role in ("feature", "protected", "ignored") and not is_doubtful:
            groups[
                stem,
                name_kind(look),
                guess,
                look.written and look.written.reading.format,
            ].append(look)
    found: dict[str, ColumnFamily] = {}
    taken = {look.name for look in looks}
    for (stem, _, guess, _), members in groups.items():
        if stem in found or (len(members) < _MANY_MEMBERS and not _is_alike(members, guess)):
            continue
        if guess.role == "protected":
            why = f"numbered columns about {guess.attribute}: make one column of them with `sql`"
            guess = guess._replace(role="ignored", why=why)
        name = stem.strip(" _-.") or "numbered"
        if name in taken:
            name = stem if stem not in taken else f"{stem}N"
        taken.add(name)
        found[stem] = ColumnFamily(
            name, _build_pattern(stem, members), _merge_profiles(members), guess, tuple(m.name for m in members)
        )
    return list(found.values())


def _is_alike(members: Sequence[ColumnProfile], guess: Guess) -> bool:
    """Tell whether a few columns are one family: the same levels, and none is a group of people by itself."""
    levels = {frozenset(text for text, _ in look.values) for look in members if look.type == "category"}
    return len(members) >= MIN_MEMBERS and len(levels) <= 1 and guess.role != "protected"


def _build_pattern(stem: str, members: Sequence[ColumnProfile]) -> str:
    widths = {len(look.name) - len(stem) for look in members}
    return re.escape(stem) + (rf"\d{{{widths.pop()}}}" if len(widths) == 1 else r"\d+")


def _merge_profiles(members: Sequence[ColumnProfile]) -> ColumnProfile:
    """Merge the profiles of all members: the widest type, the outermost values, all codes."""
    kinds = {look.type for look in members}
    kind = next((kind for kind in reversed(TYPES_BY_WIDTH) if kind in kinds), members[0].type)
    counts: dict[str, int] = defaultdict(int)
    for look in members:
        for text, count in look.values:
            counts[text] += count
    return ColumnProfile(
        name=members[0].name,
        at=members[0].at,
        type=kind,
        rows=members[0].rows * len(members),
        missing=sum(look.missing for look in members),
        codes=tuple(sorted({code for look in members for code in look.codes}, key=str)),
        low=min((look.low for look in members if look.low is not None), default=None),
        high=max((look.high for look in members if look.high is not None), default=None),
        values=tuple(sorted(counts.items())),
        written=members[0].written,
        settled=frozenset.intersection(*(look.settled for look in members)),
        identifying=members[0].identifying if all(look.identifying for look in members) else "",
    )

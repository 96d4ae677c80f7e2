"""Columns with numbered names (noise_0001, noise_0002, ...) that one description can stand for."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract_draft.column_profile import Look
from contract_draft.guesses import Guess

_MANY = 20  # fewer columns are better described one by one
_WIDTH = ("boolean", "integer", "number")  # each holds the values of those before it


class Fold(NamedTuple):
    """A family: the pattern that its members' names match, one look that fits all of them, and one guess."""

    name: str
    pattern: str
    look: Look
    guess: Guess
    members: tuple[str, ...]


def folds(looks: Sequence[Look], guesses: Mapping[str, Guess]) -> list[Fold]:
    """The families among the columns. Members share stem, kind and guess; a column that stands out stays alone."""
    groups: dict[tuple[str, str, Guess], list[Look]] = defaultdict(list)
    for look in looks:
        guess = guesses[look.name]
        if (parts := re.fullmatch(r"(.*\D)(\d+)", look.name)) and guess.role in ("feature", "protected", "ignored"):
            groups[parts[1], "number" if look.type in _WIDTH else look.type, guess].append(look)
    found: dict[str, Fold] = {}
    for (stem, _, guess), members in groups.items():
        if len(members) < _MANY or stem in found:
            continue
        if guess.role == "protected":
            why = f"numbered columns about {guess.attribute}: make one column of them with `sql`"
            guess = Guess("ignored", why, guess.attribute)
        name = stem.strip(" _-.") or "numbered"
        if any(name == fold.name for fold in found.values()):
            name = stem
        found[stem] = Fold(name, _pattern(stem, members), _common(members), guess, tuple(m.name for m in members))
    return list(found.values())


def _pattern(stem: str, members: Sequence[Look]) -> str:
    widths = {len(look.name) - len(stem) for look in members}
    return re.escape(stem) + (rf"\d{{{widths.pop()}}}" if len(widths) == 1 else r"\d+")


def _common(members: Sequence[Look]) -> Look:
    """One look for all members: the widest type, the outermost values, all codes."""
    kinds = {look.type for look in members}
    kind = next((kind for kind in reversed(_WIDTH) if kind in kinds), members[0].type)
    counts: dict[str, int] = defaultdict(int)
    for look in members:
        for text, count in look.values:
            counts[text] += count
    return Look(
        name=members[0].name,
        at=members[0].at,
        type=kind,
        rows=members[0].rows * len(members),
        missing=sum(look.missing for look in members),
        codes=tuple(sorted({code for look in members for code in look.codes}, key=str)),
        low=min((look.low for look in members if look.low is not None), default=None),
        high=max((look.high for look in members if look.high is not None), default=None),
        values=tuple(sorted(counts.items())),
    )

"""Columns with numbered names, as PAY_1 to PAY_6: they say the same of several months, persons or loans."""

import re
from collections import defaultdict
from collections.abc import Sequence

from contract_draft.values.column_profile import ColumnProfile

MIN_MEMBERS = 3
"""PAY_1, PAY_2 and PAY_3 say the same of three months; two numbered columns may say anything."""

TYPES_BY_WIDTH = ("boolean", "integer", "number")
"""Types of numbers: each holds the values of those before it."""


def split_stem(name: str) -> str | None:
    """Split the number off the end of a name; None where there is none, or nothing else."""
    parts = re.fullmatch(r"(.*\D)\d+", name)
    return parts[1] if parts else None


def name_kind(look: ColumnProfile) -> str:
    """Name the kind of a column's values, one for all numbers."""
    return "number" if look.type in TYPES_BY_WIDTH else look.type


def find_alike(looks: Sequence[ColumnProfile]) -> dict[str, list[ColumnProfile]]:
    """Find, by name, the columns of the same stem and kind, itself included, where there are enough of them."""
    groups: dict[tuple[str, str], list[ColumnProfile]] = defaultdict(list)
    for look in looks:
        if stem := split_stem(look.name):
            groups[stem, name_kind(look)].append(look)
    return {look.name: of for of in groups.values() if len(of) >= MIN_MEMBERS for look in of}

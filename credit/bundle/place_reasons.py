"""Which reasons are about a place, and so stand in for who lives there: whoever reviews a decision has to see it."""

import re
from collections.abc import Iterable

from credit.contract import Contract
from credit.contract.columns import Column, Family

SIDES = ("missing", "too_low", "too_high")
"""As `ReasonSide` of `credit.scoring.reason_words` has them, which is slow to import for who only reads reports."""


def list_place_codes(contract: Contract, codes: Iterable[str]) -> list[str]:
    """List the codes whose feature, or the family of which it is one, the contract marks `about: place`."""
    return [code for code in codes if is_about_place(contract, read_feature(code))]


def read_feature(code: str) -> str:
    """Read the feature of a reason's code, in which there may be dots too."""
    name, _, side = code.rpartition(".")
    return name if name and side in SIDES else code


def is_about_place(contract: Contract, feature: str) -> bool:
    """Tell whether the contract marks a feature, or its family, `about: place`."""
    column = find_column(contract, feature)
    return column is not None and column.about == "place"


def find_column(contract: Contract, feature: str) -> Column | Family | None:
    """Find the description of a feature, its own or that of its family; None: the contract has none."""
    families = (one for one in contract.families.values() if re.fullmatch(one.pattern, feature))
    return contract.columns.get(feature) or next(families, None)

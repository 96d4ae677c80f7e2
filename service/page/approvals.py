"""Count the approvals of each protected group, and compare them with those of the reference group."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from credit.common.formatting import capitalise, format_percent, spell_out
from credit.contract.columns import Column
from credit.contract.levels import UNDISCLOSED
from credit.decision_log.counting.summary import DecisionCounts
from service.exposed_metrics import MIN_SHOWN, ROUND_TO

FEW_PEOPLE = 30
"""Groups below so many people get a note."""


class GroupApprovals(NamedTuple):
    """A protected group: its people, the share that was approved (`width`, in percent), and a note on how to read it.

    `approved` is empty where it is not shown. `ratio`: that share by the share of the reference group, empty where one
    of the two is not shown; `is_below`: it is below the limit, and neither of the two has few people.
    """

    name: str
    people: str
    approved: str
    width: float
    note: str
    ratio: str = ""
    is_below: bool = False


class AttributeApprovals(NamedTuple):
    """The groups of a protected attribute. `is_shown`: whether any of them is large enough, `least`, to be shown.

    `lacks_ratios`: there is a limit and somebody was approved, but nobody of the reference group, and it has many.
    """

    name: str
    description: str
    groups: list[GroupApprovals]
    is_rounded: bool
    is_shown: bool
    least: int = MIN_SHOWN
    reference: str = ""
    lacks_ratios: bool = False

    def list_warnings(self, limit: str) -> list[str]:
        """List the groups whose ratio is below the limit, or the reference group where nobody can have a ratio."""
        if self.lacks_ratios:
            said = f"nobody of {self.reference} was approved, so that no group can be compared with it"
            return [f"{capitalise(self.name)}: {said}; the limit is {limit}."]
        return [
            f"{capitalise(self.name)}: {group.name} was approved {group.ratio} times as often as {self.reference}; "
            f"the limit is {limit}."
            for group in self.groups
            if group.is_below
        ]


def count_by_group(
    counts: DecisionCounts, protected: Mapping[str, Column], least_ratio: float | None
) -> list[AttributeApprovals]:
    """Count the approvals of every group, as the contract in use describes them."""
    return [_build_attribute(counts, name, column, least_ratio) for name, column in protected.items()]


def count_people(counts: DecisionCounts, name: str, column: Column) -> tuple[Counter[str], Counter[str]]:
    """Count the people of each group of an attribute, and the approved among them.

    Whose value is not known is in none of its counts, and so undisclosed.
    """
    people: Counter[str] = Counter()
    approved: Counter[str] = Counter()
    for cell, number in counts.items():
        if cell.attribute not in (None, name):
            continue
        group = UNDISCLOSED if cell.attribute is None else column.find_group(cell.value)
        for counted in (people, approved) if cell.decision == "approve" else (people,):
            counted[group] += number
            if cell.attribute is not None:
                counted[UNDISCLOSED] -= number
    return people, approved


def _build_attribute(
    counts: DecisionCounts, name: str, column: Column, least_ratio: float | None
) -> AttributeApprovals:
    """Build the groups of an attribute."""
    people, approved = count_people(counts, name, column)
    known = [str(value) for value in column.allowed or ()]
    others = sorted(people.keys() - {*known, UNDISCLOSED})  # what the contract does not list, together
    rounded = any(0 < count < MIN_SHOWN for count in people.values())
    groups = [
        _add_ratio(
            _build_group(column.name_value(one), people[one], approved[one], rounded),
            (approved[one], people[one]),
            (approved[str(column.reference)], people[str(column.reference)]),
            least_ratio,
        )
        for one in (*known, *others, UNDISCLOSED)
    ]
    is_shown = any(people[one] >= MIN_SHOWN for one in (*known, *others))
    reference = column.name_value(column.reference) if column.reference is not None else ""
    is_refused = people[str(column.reference)] >= FEW_PEOPLE and not approved[str(column.reference)]
    lacks_ratios = least_ratio is not None and is_refused and approved.total() > 0
    return AttributeApprovals(
        spell_out(name),
        column.description,
        groups,
        rounded,
        is_shown,
        reference=reference,
        lacks_ratios=lacks_ratios,
    )


def _add_ratio(
    group: GroupApprovals, own: tuple[int, int], reference: tuple[int, int], least_ratio: float | None
) -> GroupApprovals:
    """Add the ratio of two shares, each of approved people among all, where it may be shown and is known."""
    if (ratio := compute_ratio(own, reference)) is None:
        return group
    is_below = least_ratio is not None and ratio < least_ratio and min(own[1], reference[1]) >= FEW_PEOPLE
    return group._replace(ratio=format_ratio(ratio), is_below=is_below)


def compute_ratio(own: tuple[int, int], reference: tuple[int, int]) -> float | None:
    """Compute the ratio of two shares, each of approved people among all; None where it may not be shown or is none."""
    if min(own[1], reference[1]) < MIN_SHOWN or not reference[0]:
        return None
    return own[0] * reference[1] / (own[1] * reference[0])  # exact up to here: 0.8 is not below 0.8


def format_ratio(ratio: float) -> str:
    """Format a ratio, never rounded up to its limit."""
    return f"{math.floor(100 * ratio + 1e-9) / 100:.2f}"


def _build_group(name: str, people: int, approved: int, rounded: bool) -> GroupApprovals:
    if people < MIN_SHOWN:
        return GroupApprovals(name, f"fewer than {MIN_SHOWN}", "", 0.0, "too few to show")
    shown = f"about {ROUND_TO * round(people / ROUND_TO):,}" if rounded else f"{people:,}"
    note = "few people: the rate says little" if people < FEW_PEOPLE else ""
    return GroupApprovals(name, shown, format_percent(approved / people, 0), 100 * approved / people, note)

"""Turn counts of decisions into the tables of the page: outcomes, deciders, and the approvals of each group."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from credit.common.dates import describe_time
from credit.common.formatting import capitalise, format_percent, spell_out
from credit.contract.columns import Column
from credit.contract.levels import UNDISCLOSED
from credit.decision_log.summary import MAX_COUNTED, DecisionCell, DecisionSummary
from service.exposed_metrics import MIN_SHOWN, ROUND_TO

DECISION_WORDS = {"approve": "approved", "refer": "referred", "deny": "denied"}
FEW_PEOPLE = 30
"""Groups below so many people get a note."""

_MAX_LISTED = 10


class DecisionShare(NamedTuple):
    """A share of all decisions. `width` in percent."""

    name: str
    number: str
    share: str
    width: float
    kind: str = ""


class DeciderShare(NamedTuple):
    """Decisions by one version, by its model or its rule."""

    version: str
    by: str
    because: str
    number: str
    share: str


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
    """The groups of a protected attribute. `is_shown`: whether any of them is large enough, `least`, to be shown."""

    name: str
    description: str
    groups: list[GroupApprovals]
    is_rounded: bool
    is_shown: bool
    least: int = MIN_SHOWN
    reference: str = ""

    def list_warnings(self, least_ratio: float) -> list[str]:
        """List the groups whose ratio is below the limit."""
        return [
            f"{capitalise(self.name)}: {group.name} was approved {group.ratio} times as often as {self.reference}; "
            f"the limit is {least_ratio:g}."
            for group in self.groups
            if group.is_below
        ]


def count_by_decision(cells: Iterable[DecisionCell]) -> list[DecisionShare]:
    """Count the approved, referred and denied."""
    counts: Counter[str] = Counter()
    for cell in cells:
        counts[cell.decision] += cell.number
    return [_build_share(capitalise(name), counts[key], counts.total(), key) for key, name in DECISION_WORDS.items()]


def count_by_rule(cells: Iterable[DecisionCell]) -> DecisionShare:
    """Count the decisions by the rule."""
    counts: Counter[str] = Counter()
    for cell in cells:
        counts[cell.decided_by] += cell.number
    return _build_share("By the rule", counts["rule"], counts.total())


def count_by_decider(cells: Iterable[DecisionCell]) -> list[DeciderShare]:
    """Count the decisions of each version, by its model and by its rule, most first; the rest after ten in one line."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell in cells:
        counts[cell.version or "no version", cell.decided_by, cell.rule_because or ""] += cell.number
    total, most = counts.total(), counts.most_common()
    listed = [DeciderShare(*who, *_build_share("", count, total)[1:3]) for who, count in most[:_MAX_LISTED]]
    others = sum(count for _, count in most[_MAX_LISTED:])
    if others:
        listed.append(DeciderShare(f"{len(most) - _MAX_LISTED} more", "", "", *_build_share("", others, total)[1:3]))
    return listed


def count_by_group(
    cells: Iterable[DecisionCell], asked: Iterable[str], protected: Mapping[str, Column], least_ratio: float
) -> list[AttributeApprovals]:
    """Count the approvals of every group of the `asked` attributes, as the contract in use describes them."""
    listed = list(cells)
    return [
        _build_attribute(listed, i, name, protected[name], least_ratio)
        for i, name in enumerate(asked)
        if name in protected
    ]


def _build_attribute(
    cells: list[DecisionCell], place: int, name: str, column: Column, least_ratio: float
) -> AttributeApprovals:
    people: Counter[str] = Counter()
    approved: Counter[str] = Counter()
    for cell in cells:
        group = column.find_group(cell.groups[place])
        people[group] += cell.number
        approved[group] += cell.number * (cell.decision == "approve")
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
    return AttributeApprovals(spell_out(name), column.description, groups, rounded, is_shown, reference=reference)


def _add_ratio(
    group: GroupApprovals, own: tuple[int, int], reference: tuple[int, int], least_ratio: float
) -> GroupApprovals:
    """Add the ratio of two shares, each of approved people among all, where it may be shown and is known."""
    if min(own[1], reference[1]) < MIN_SHOWN or not reference[0]:
        return group
    ratio = (own[0] / own[1]) / (reference[0] / reference[1])
    is_below = ratio < least_ratio and min(own[1], reference[1]) >= FEW_PEOPLE
    return group._replace(
        ratio=f"{math.floor(100 * ratio + 1e-9) / 100:.2f}", is_below=is_below
    )  # never rounded up to it


def _build_group(name: str, people: int, approved: int, rounded: bool) -> GroupApprovals:
    if people < MIN_SHOWN:
        return GroupApprovals(name, f"fewer than {MIN_SHOWN}", "", 0.0, "too few to show")
    shown = f"about {ROUND_TO * round(people / ROUND_TO):,}" if rounded else f"{people:,}"
    note = "few people: the rate says little" if people < FEW_PEOPLE else ""
    return GroupApprovals(name, shown, format_percent(approved / people, 0), 100 * approved / people, note)


def _build_share(name: str, count: int, total: int, kind: str = "") -> DecisionShare:
    part = count / total if total else None
    return DecisionShare(name, f"{count:,}", format_percent(part), 100 * (part or 0.0), kind)


@dataclass(frozen=True)
class RecentDecisions:
    """The decisions of the last day. `notes` say which are missing from the figures, or may be counted twice."""

    notes: list[str]
    total: str
    outcomes: list[DecisionShare]
    by_rule: DecisionShare
    deciders: list[DeciderShare]
    attributes: list[AttributeApprovals]


def describe_gaps(known: DecisionSummary | None, now: datetime) -> list[str]:
    """Describe which decisions are missing from the figures, or may be counted twice. `known` as below."""
    if known is None:
        return ["The decision log cannot be read: there are no figures."]
    notes = []
    if not known.database_answered:
        notes.append("The database does not answer: decisions that are in it are not in these figures.")
    elif known.spooled:
        notes.append("Decisions in the spool are counted; until they are in the database, some may be counted twice.")
    if known.is_truncated:
        first = min(cell.first for cell in known.cells)
        notes.append(
            f"There were more: only the newest {MAX_COUNTED:,} are counted, since {describe_time(first, now).text}."
        )
    return notes


def describe_decisions(
    known: DecisionSummary | None, protected: Mapping[str, Column], now: datetime, least_ratio: float
) -> RecentDecisions:
    """Describe the decisions of the last day. `known` None: the decision log cannot be read."""
    recent = known or DecisionSummary((), [], False, False, 0)
    cells = recent.cells
    return RecentDecisions(
        notes=describe_gaps(known, now),
        total=f"{sum(cell.number for cell in cells):,}",
        outcomes=count_by_decision(cells),
        by_rule=count_by_rule(cells),
        deciders=count_by_decider(cells),
        attributes=count_by_group(cells, recent.attributes, protected, least_ratio),
    )

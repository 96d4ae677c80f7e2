"""From counts of decisions to the tables of the page: outcomes, who decided, and the approvals of each group."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from credit.common.dates import moment_of
from credit.common.formatting import percent, sentence, words
from credit.contract.columns import UNDISCLOSED, Column
from credit.decision_log.summary import NEWEST, Cell, Lately

OUTCOMES = {"approve": "approved", "refer": "referred", "deny": "denied"}
HIDDEN, FEW, ROUND = 5, 30, 5
"""Groups below HIDDEN people are not shown, so that nobody is; of those below FEW it is said that a rate says little.

Where a group is hidden, the others are rounded to ROUND people, so that it is not what the total lacks.
"""

_LISTED = 10


class Share(NamedTuple):
    """A part of all decisions. `width` in percent."""

    name: str
    number: str
    share: str
    width: float
    kind: str = ""


class Decider(NamedTuple):
    """Decisions by one version, by its model or its rule."""

    version: str
    by: str
    because: str
    number: str
    share: str


class Group(NamedTuple):
    """A protected group: how many people, what share was approved (`width`, in percent), what to bear in mind.

    `approved` is empty where it is not shown.
    """

    name: str
    people: str
    approved: str
    width: float
    note: str


class Attribute(NamedTuple):
    """The groups of a protected attribute. `told`: whether any of them is large enough, `least`, to be shown."""

    name: str
    description: str
    groups: list[Group]
    rounded: bool
    told: bool
    least: int = HIDDEN


def outcomes(cells: Iterable[Cell]) -> list[Share]:
    """How many were approved, referred and denied."""
    counts: Counter[str] = Counter()
    for cell in cells:
        counts[cell.decision] += cell.number
    return [_share(sentence(name), counts[key], counts.total(), key) for key, name in OUTCOMES.items()]


def by_rule(cells: Iterable[Cell]) -> Share:
    """How many the rule decided."""
    counts: Counter[str] = Counter()
    for cell in cells:
        counts[cell.decided_by] += cell.number
    return _share("By the rule", counts["rule"], counts.total())


def deciders(cells: Iterable[Cell]) -> list[Decider]:
    """Who decided how many, most first; what is beyond the first ten in one line."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell in cells:
        counts[cell.version or "no version", cell.decided_by, cell.rule_because or ""] += cell.number
    total, most = counts.total(), counts.most_common()
    listed = [Decider(*who, *_share("", count, total)[1:3]) for who, count in most[:_LISTED]]
    others = sum(count for _, count in most[_LISTED:])
    if others:
        listed.append(Decider(f"{len(most) - _LISTED} more", "", "", *_share("", others, total)[1:3]))
    return listed


def attributes(cells: Iterable[Cell], asked: Iterable[str], protected: Mapping[str, Column]) -> list[Attribute]:
    """The approvals of every group of every attribute that was `asked` for, as the contract in use describes it."""
    listed = list(cells)
    return [_attribute(listed, i, name, protected[name]) for i, name in enumerate(asked) if name in protected]


def _attribute(cells: list[Cell], place: int, name: str, column: Column) -> Attribute:
    people: Counter[str] = Counter()
    approved: Counter[str] = Counter()
    for cell in cells:
        group = cell.groups[place] or UNDISCLOSED
        people[group] += cell.number
        approved[group] += cell.number * (cell.decision == "approve")
    known = [str(value) for value in column.allowed or ()]
    others = sorted(people.keys() - {*known, UNDISCLOSED})  # of versions with another contract
    rounded = any(0 < count < HIDDEN for count in people.values())
    groups = [_group(one, people[one], approved[one], rounded) for one in (*known, *others, UNDISCLOSED)]
    told = any(people[one] >= HIDDEN for one in (*known, *others))
    return Attribute(words(name), column.description, groups, rounded, told)


def _group(name: str, people: int, approved: int, rounded: bool) -> Group:
    if people < HIDDEN:
        return Group(name, f"fewer than {HIDDEN}", "", 0.0, "too few to show")
    shown = f"about {ROUND * round(people / ROUND):,}" if rounded else f"{people:,}"
    note = "few people: the rate says little" if people < FEW else ""
    return Group(name, shown, percent(approved / people, 0), 100 * approved / people, note)


def _share(name: str, count: int, total: int, kind: str = "") -> Share:
    part = count / total if total else None
    return Share(name, f"{count:,}", percent(part), 100 * (part or 0.0), kind)


@dataclass(frozen=True)
class Decisions:
    """What was decided lately. `notes` say what is not in the figures, or may be twice."""

    notes: list[str]
    total: str
    outcomes: list[Share]
    by_rule: Share
    deciders: list[Decider]
    attributes: list[Attribute]


def decisions_of(known: Lately | None, protected: Mapping[str, Column], now: datetime) -> Decisions:
    """What was decided lately. `known` None: the decision log cannot be read."""
    lately = known or Lately((), [], False, False, 0)
    cells, notes = lately.cells, []
    if known is None:
        notes.append("The decision log cannot be read: there are no figures.")
    elif not lately.answered:
        notes.append("The database does not answer: decisions that are in it are not in these figures.")
    elif lately.spooled:
        notes.append("Decisions in the spool are counted; until they are in the database, some may be counted twice.")
    if lately.cut:
        first = min(cell.first for cell in cells)
        notes.append(f"There were more: counted are the newest {NEWEST:,}, since {moment_of(first, now).said}.")
    return Decisions(
        notes=notes,
        total=f"{sum(cell.number for cell in cells):,}",
        outcomes=outcomes(cells),
        by_rule=by_rule(cells),
        deciders=deciders(cells),
        attributes=attributes(cells, lately.attributes, protected),
    )

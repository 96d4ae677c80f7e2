"""Turn counts of decisions into the tables of the page: outcomes, deciders, and what is missing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from credit.common.formatting import capitalise, format_percent
from credit.contract.columns import Column
from credit.decision_log.counting.summary import MAX_SPOOLED, DecisionCounts, DecisionSummary
from service.page.approvals import FEW_PEOPLE, AttributeApprovals, count_by_group
from service.page.trend import Trend, draw_trend

DECISION_WORDS = {"approve": "approved", "refer": "referred", "deny": "denied"}
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


def count_by(counts: DecisionCounts, name: str) -> Counter[Any]:
    """Count decisions by one value of their cells, such as `decision`."""
    found: Counter[Any] = Counter()
    for cell, number in counts.items():
        if cell.attribute is None:
            found[getattr(cell, name)] += number
    return found


def count_by_decision(counts: DecisionCounts) -> list[DecisionShare]:
    """Count the approved, referred and denied."""
    found = count_by(counts, "decision")
    return [_build_share(capitalise(name), found[key], found.total(), key) for key, name in DECISION_WORDS.items()]


def find_lack_of_approvals(counts: DecisionCounts) -> str | None:
    """Say that nobody was approved; None where somebody was, or few people were decided about.

    No group has a ratio then, however unequally it is treated, and a model that denies everybody is broken.
    """
    found = count_by(counts, "decision")
    if found["approve"] or (total := found.total()) < FEW_PEOPLE:
        return None
    numbers = f"{found['deny']:,} of {total:,} denied, {found['refer']:,} referred"
    return f"nobody was approved: {numbers}; no group can be compared with another"


def count_by_rule(counts: DecisionCounts) -> DecisionShare:
    """Count the decisions by the rule."""
    found = count_by(counts, "decided_by")
    return _build_share("By the rule", found["rule"], found.total())


def count_by_decider(known: DecisionCounts) -> list[DeciderShare]:
    """Count the decisions of each version, by its model and by its rule, most first; the rest after ten in one line."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell, number in known.items():
        if cell.attribute is None:
            counts[cell.version or "no version", cell.decided_by, cell.rule_because or ""] += number
    total, most = counts.total(), counts.most_common()
    listed = [DeciderShare(*who, *_build_share("", count, total)[1:3]) for who, count in most[:_MAX_LISTED]]
    others = sum(count for _, count in most[_MAX_LISTED:])
    if others:
        listed.append(DeciderShare(f"{len(most) - _MAX_LISTED} more", "", "", *_build_share("", others, total)[1:3]))
    return listed


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
    trend: Trend


def describe_gaps(known: DecisionSummary | None) -> list[str]:
    """Describe which decisions are missing from the figures, or may be counted twice. `known` as below."""
    if known is None:
        return ["The decision log cannot be read: there are no figures."]
    notes = []
    if not known.database_answered:
        notes.append("The database does not answer: decisions that are in it are not in these figures.")
    elif known.spooled:
        notes.append("Decisions in the spool are counted; until they are in the database, some may be counted twice.")
    if known.is_truncated:
        notes.append(f"The spool has more: only its newest {MAX_SPOOLED:,} are counted.")
    if known.waiting:
        notes.append(f"{known.waiting:,} decisions of the log, of any time, are not counted yet; it goes on.")
    if known.has_unchained:
        notes.append("Decisions from before the log was chained are not counted.")
    return notes


def describe_decisions(
    known: DecisionSummary | None, protected: Mapping[str, Column], now: datetime, least_ratio: float | None
) -> RecentDecisions:
    """Describe the decisions of the last day. `known` None: the decision log cannot be read."""
    counts = known.counts if known else Counter()
    return RecentDecisions(
        notes=describe_gaps(known),
        total=f"{known.total if known else 0:,}",
        outcomes=count_by_decision(counts),
        by_rule=count_by_rule(counts),
        deciders=count_by_decider(counts),
        attributes=count_by_group(counts, protected, least_ratio),
        trend=draw_trend(counts, now),
    )

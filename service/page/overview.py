"""Word the page: who decides, since when and why, the problems, and the decisions of the last day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from credit.common.dates import DisplayTime, describe_time
from credit.common.formatting import capitalise
from credit.decision_log.counting.newest import NewDecision
from credit.decision_log.counting.summary import DecisionSummary
from credit.decision_log.people.reviews import ReviewCounts
from service.engine.live_version import LiveVersion
from service.page.decisions import DECISION_WORDS, RecentDecisions, describe_decisions, find_lack_of_approvals
from service.page.history import LedgerLine
from service.page.ratio_limit import ShownLimit
from service.page.trend import HOURS
from service.page.watch import SeenWatch

KIND_WORDS = {"deploy": "Deployed", "rollback": "Rolled back", "fallback": "Fell back to the rule"}


@dataclass(frozen=True)
class ServiceSnapshot:
    """The service at a moment. `recent`, `reviews` None: the log cannot be read. `store`: whether it answers.

    `is_left_alone`: the model is too slow, and the rule decides meanwhile. `warnings`: problems that sections of the
    page tell. `shadowed`: as in SectionSource.
    """

    environment: str
    now: datetime
    serving: LiveVersion | None
    problems: Mapping[str, str]
    recent: DecisionSummary | None
    reviews: ReviewCounts | None
    history: Sequence[LedgerLine]
    store: bool
    limit: ShownLimit
    newest: Sequence[NewDecision] = ()
    is_left_alone: bool = False
    warnings: Sequence[str] = ()
    watch: SeenWatch | None = None
    shadowed: int | None = None


class LiveEntry(NamedTuple):
    """The ledger entry by which a version is live, for people."""

    kind: str
    since: DisplayTime
    actor: str
    reason: str


class HistoryRow(NamedTuple):
    """A line of the history. `live`: the followed entry; `newer`: not followed yet; empty: older."""

    number: int
    valid: bool
    live: Literal["live", "newer", ""]
    kind: str = ""
    version: str = ""
    at: DisplayTime | None = None
    actor: str = ""
    reason: str = ""


class NewestRow(NamedTuple):
    """One of the newest decisions, with the address of its record."""

    at: DisplayTime
    decision: str
    by: str
    version: str
    record: str


@dataclass(frozen=True)
class Overview:
    """The values of the template. `state`: who decides; `dark`: nobody."""

    state: Literal["model", "rule", "dark"]
    headline: str
    lead: str
    environment: str
    version: str
    what: str
    digest: str
    entry: int
    live: LiveEntry | None
    wrong: list[str]
    decisions: RecentDecisions
    reviews: str
    history: list[HistoryRow]
    store: bool
    now: DisplayTime
    limit: str
    newest: list[NewestRow]
    hours: int = HOURS


def build_overview(facts: ServiceSnapshot) -> Overview:
    """Build the values of the template."""
    serving = facts.serving
    entry = serving.entry if serving else None
    state: Literal["model", "rule", "dark"] = serving.decides if serving else "dark"
    if state == "model" and facts.is_left_alone:
        state = "rule"
    headline, lead = _write_headline(facts)
    protected = serving.bundle.contract.protected if serving else {}
    decisions = describe_decisions(facts.recent, protected, facts.now, facts.limit.at_least)
    unequal = [said for one in decisions.attributes for said in one.list_warnings(facts.limit.said)]
    return Overview(
        state=state,
        headline=headline,
        lead=lead,
        environment=facts.environment,
        version=_describe_version(serving) if serving else "",
        what=serving.bundle.label if serving else "",
        digest=serving.bundle.manifest.digest[:12] if serving else "",
        entry=serving.number if serving else 0,
        live=LiveEntry(KIND_WORDS[entry.kind], describe_time(entry.time, facts.now), entry.actor, entry.reason)
        if entry
        else None,
        wrong=[*_list_warnings(facts), *unequal, *facts.warnings],
        decisions=decisions,
        reviews=_describe_reviews(facts.reviews),
        history=[_build_history_row(line, entry.number if entry else 0, facts.now) for line in facts.history],
        store=facts.store,
        now=describe_time(facts.now, facts.now),
        limit=facts.limit.said,
        newest=[_build_newest_row(one, facts.now) for one in facts.newest],
    )


def _build_newest_row(one: NewDecision, now: datetime) -> NewestRow:
    decision = capitalise(DECISION_WORDS[one.decision])
    return NewestRow(
        describe_time(one.decided_at, now), decision, one.decided_by, one.version or "", f"/v1/decisions/{one.id}"
    )


def _write_headline(facts: ServiceSnapshot) -> tuple[str, str]:
    serving = facts.serving
    if serving is None:
        return (
            "Nothing is decided",
            "No version is live and there is no rule to fall back to: applications are refused.",
        )
    if serving.entry and serving.entry.kind == "fallback" and not serving.load_failure:
        return "The rule decides", f"It is the fallback for {serving.version}."
    if serving.rule_because is not None:
        return "The rule decides", f"{capitalise(serving.rule_because)}."
    if facts.is_left_alone:
        return "The rule decides", f"The model of {serving.version}, a {serving.bundle.label}, is left alone meanwhile."
    said = f"{serving.version}, a {serving.bundle.label}, decides; the rule is the fallback."
    return "The model decides", said


def _describe_version(serving: LiveVersion) -> str:
    if serving.entry is None:
        return "of the image"
    return f"{serving.entry.version}, not loaded" if serving.load_failure else serving.entry.version


def _list_warnings(facts: ServiceSnapshot) -> list[str]:
    wrong = [f"{capitalise(said)}." for said in facts.problems.values()]
    if facts.recent is None:
        return [*wrong, "The decision log cannot be read."]
    if not facts.recent.database_answered and "log" not in facts.problems:
        wrong.append("The database of the decision log does not answer; decisions go to the spool.")
    if facts.recent.spooled:
        wrong.append(f"{_format_count(facts.recent.spooled)} in the spool, not in the database yet.")
    if lack := find_lack_of_approvals(facts.recent.counts):
        wrong.append(f"{capitalise(lack)}.")
    return wrong


def _describe_reviews(counts: ReviewCounts | None) -> str:
    """Describe what analysts decided; empty when they decided nothing, or nobody knows."""
    if counts is None or not (total := counts.approve + counts.deny):
        return ""
    said = f"Analysts decided {total:,}: {counts.approve:,} approved, {counts.deny:,} denied"
    return f"{said}; {counts.override:,} of these override a decision that was no referral."


def _build_history_row(line: LedgerLine, followed: int, now: datetime) -> HistoryRow:
    live: Literal["live", "newer", ""] = "live" if line.number == followed else ""
    if line.number > followed:
        live = "newer"
    entry = line.entry
    if entry is None:
        return HistoryRow(line.number, False, live)
    kind, at = KIND_WORDS[entry.kind], describe_time(entry.time, now)
    return HistoryRow(line.number, True, live, kind, entry.version, at, entry.actor, entry.reason)


def _format_count(count: int) -> str:
    return "1 decision is" if count == 1 else f"{count:,} decisions are"

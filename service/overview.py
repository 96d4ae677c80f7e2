"""What the page says, from what is known: who decides, since when and why, what is wrong, what was decided lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from credit.page.words import sentence, words
from service.history import Line
from service.log.summary import NEWEST, Lately
from service.serving import Serving
from service.shares import Attribute, Decider, Share, attributes, by_rule, deciders, outcomes

HOURS = 24
KINDS = {"deploy": "Deployed", "rollback": "Rolled back", "fallback": "Rule put forward"}


@dataclass(frozen=True)
class Facts:
    """What is known at a moment. `lately` None: the decision log cannot be read. `store`: whether it answers."""

    environment: str
    now: datetime
    serving: Serving | None
    problems: Mapping[str, str]
    log_in_use: bool
    lately: Lately | None
    history: Sequence[Line]
    store: bool


class Moment(NamedTuple):
    """A time for people, and for programs."""

    said: str
    iso: str
    ago: str


class Live(NamedTuple):
    """What is live by a ledger entry."""

    kind: str
    since: Moment
    actor: str
    reason: str


class Change(NamedTuple):
    """A line of the history; `live` is what is followed: live, newer (not followed yet) or nothing."""

    number: int
    valid: bool
    live: Literal["live", "newer", ""]
    kind: str = ""
    version: str = ""
    at: Moment | None = None
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Decisions:
    """What was decided lately. `notes` say what is not in the figures, or may be twice."""

    notes: list[str]
    total: str
    outcomes: list[Share]
    by_rule: Share
    deciders: list[Decider]
    attributes: list[Attribute]


@dataclass(frozen=True)
class Overview:
    """What the template shows. `state`: model, rule or dark."""

    state: Literal["model", "rule", "dark"]
    headline: str
    lead: str
    environment: str
    version: str
    what: str
    digest: str
    entry: int
    live: Live | None
    wrong: list[str]
    decisions: Decisions
    history: list[Change]
    store: bool
    now: Moment
    hours: int = HOURS


def overview(facts: Facts) -> Overview:
    """The page in words and figures."""
    serving = facts.serving
    entry = serving.entry if serving else None
    state = serving.decides if serving else "dark"
    headline, lead = _headline(facts)
    return Overview(
        state=state,
        headline=headline,
        lead=lead,
        environment=facts.environment,
        version=(serving.version or "came with the image") if serving else "none",
        what=words(serving.bundle.manifest.candidate) if serving else "",
        digest=serving.bundle.manifest.digest[:12] if serving else "",
        entry=serving.number if serving else 0,
        live=Live(KINDS[entry.kind], _moment(entry.time, facts.now), entry.actor, entry.reason) if entry else None,
        wrong=_wrong(facts),
        decisions=_decisions(facts),
        history=[_change(line, entry.number if entry else 0, facts.now) for line in facts.history],
        store=facts.store,
        now=_moment(facts.now, facts.now),
    )


def _headline(facts: Facts) -> tuple[str, str]:
    serving = facts.serving
    if serving is None:
        return "Nothing is decided", "No version is live and no rule is at hand: applications are refused until one is."
    if serving.entry and serving.entry.kind == "fallback" and not serving.unloaded:
        return "The rule decides", f"It was put forward in place of {serving.version}."
    if serving.rule_because is not None:
        return "The rule decides", f"{sentence(serving.rule_because)}."
    said = f"{serving.version}, a {words(serving.bundle.manifest.candidate)}, decides; the rule stands by."
    return "The model decides", said


def _wrong(facts: Facts) -> list[str]:
    wrong = [f"{sentence(said)}." for said in facts.problems.values()]
    if facts.lately is None:
        return [*wrong, "The decision log cannot be read."]
    if not (facts.log_in_use and facts.lately.answered):
        wrong.append("The database of the decision log does not answer; decisions go to the spool.")
    if facts.lately.spooled:
        wrong.append(f"{_counted(facts.lately.spooled)} in the spool, not in the database yet.")
    return wrong


def _decisions(facts: Facts) -> Decisions:
    lately = facts.lately or Lately((), [], False, False, 0)
    cells, notes = lately.cells, []
    if facts.lately is None:
        notes.append("The decision log cannot be read: there are no figures.")
    elif not lately.answered:
        notes.append("The database does not answer: decisions that are in it are not in these figures.")
    elif lately.spooled:
        notes.append("Decisions in the spool are counted; until they are in the database, some may be counted twice.")
    if lately.cut:
        first = min(cell.first for cell in cells)
        notes.append(f"There were more: counted are the newest {NEWEST:,}, since {_moment(first, facts.now).said}.")
    protected = facts.serving.bundle.contract.protected if facts.serving else {}
    return Decisions(
        notes=notes,
        total=f"{sum(cell.number for cell in cells):,}",
        outcomes=outcomes(cells),
        by_rule=by_rule(cells),
        deciders=deciders(cells),
        attributes=attributes(cells, lately.attributes, protected),
    )


def _change(line: Line, followed: int, now: datetime) -> Change:
    live: Literal["live", "newer", ""] = "live" if line.number == followed else ""
    if line.number > followed:
        live = "newer"
    entry = line.entry
    if entry is None:
        return Change(line.number, False, live)
    kind, at = KINDS[entry.kind], _moment(entry.time, now)
    return Change(line.number, True, live, kind, entry.version, at, entry.actor, entry.reason)


def _counted(count: int) -> str:
    return "1 decision is" if count == 1 else f"{count:,} decisions are"


def _moment(moment: datetime, now: datetime) -> Moment:
    said = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    return Moment(said, moment.isoformat(timespec="seconds"), ago(now - moment))


def ago(passed: timedelta) -> str:
    """How long ago, in the largest unit that there is at least one of."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(passed.total_seconds() // seconds)
        if count >= 1:
            return f"{count:,} {unit}{'s' if count > 1 else ''} ago"
    return "just now"

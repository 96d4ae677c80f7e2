"""What the page says, from what is known: who decides, since when and why, what is wrong, what was decided lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from credit.common.dates import Moment, moment_of
from credit.common.formatting import sentence, words
from credit.decision_log.summary import Lately
from service.engine.live_version import Serving
from service.page.decisions import Decisions, decisions_of
from service.page.history import Line

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
    protected = serving.bundle.contract.protected if serving else {}
    return Overview(
        state=state,
        headline=headline,
        lead=lead,
        environment=facts.environment,
        version=_version(serving) if serving else "",
        what=words(serving.bundle.manifest.candidate) if serving else "",
        digest=serving.bundle.manifest.digest[:12] if serving else "",
        entry=serving.number if serving else 0,
        live=Live(KINDS[entry.kind], moment_of(entry.time, facts.now), entry.actor, entry.reason) if entry else None,
        wrong=_wrong(facts),
        decisions=decisions_of(facts.lately, protected, facts.now),
        history=[_change(line, entry.number if entry else 0, facts.now) for line in facts.history],
        store=facts.store,
        now=moment_of(facts.now, facts.now),
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


def _version(serving: Serving) -> str:
    if serving.entry is None:
        return "of the image"
    return f"{serving.entry.version}, not loaded" if serving.unloaded else serving.entry.version


def _wrong(facts: Facts) -> list[str]:
    wrong = [f"{sentence(said)}." for said in facts.problems.values()]
    if facts.lately is None:
        return [*wrong, "The decision log cannot be read."]
    if not (facts.log_in_use and facts.lately.answered):
        wrong.append("The database of the decision log does not answer; decisions go to the spool.")
    if facts.lately.spooled:
        wrong.append(f"{_counted(facts.lately.spooled)} in the spool, not in the database yet.")
    return wrong


def _change(line: Line, followed: int, now: datetime) -> Change:
    live: Literal["live", "newer", ""] = "live" if line.number == followed else ""
    if line.number > followed:
        live = "newer"
    entry = line.entry
    if entry is None:
        return Change(line.number, False, live)
    kind, at = KINDS[entry.kind], moment_of(entry.time, now)
    return Change(line.number, True, live, kind, entry.version, at, entry.actor, entry.reason)


def _counted(count: int) -> str:
    return "1 decision is" if count == 1 else f"{count:,} decisions are"

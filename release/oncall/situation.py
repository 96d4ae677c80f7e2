"""The situation of an environment for who is on call: decisions so far, alarms, and whether the way back works."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from credit.bundle.bundle import Bundle
from credit.bundle.request_fields import list_request_fields
from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.notes import Note, read_notes
from credit.registry.store import Store
from release.deployment.clients import ClientEffects, compare_clients
from release.oncall.alarms import Alarm, read_alarms
from release.oncall.service_reports import DecidedReport, ServiceReport, ask_for_reports

_WORDS = {"approve": "approved", "refer": "referred", "deny": "denied"}

Row = tuple[str, str]
LoadBundle = Callable[[str, str | None], Bundle]


class WayBack(NamedTuple):
    """The version that a rollback returns to. `failure`: why it cannot be loaded, empty when it can.

    `effects`: what this version makes of what clients send by the live contract; None when that is not known.
    """

    version: str
    failure: str
    effects: ClientEffects | None


class Situation(NamedTuple):
    """The situation of an environment in which something is live.

    `reports`: of the services of this environment, and of those that do not answer; None: none is configured.
    `watched`: the alarms that the watch wrote about this entry.
    """

    entry: LedgerEntry
    way_back: WayBack | None
    reports: list[ServiceReport] | None
    notes: list[Note]
    watched: list[Alarm]
    problems: list[str]

    @property
    def alarms(self) -> list[str]:
        """A line for each alarm of the watch, each service that does not answer or lags behind, each problem of one."""
        found = list(map(str, self.watched))
        found += [f"{one.url}: {one.failure}" for one in self.reports or () if one.report is None]
        for url, report, _ in self.reports or ():
            if report is not None and report.entry != self.entry.number:
                found.append(f"{url}: it decides by {report.version or 'the rule of its image'}, entry {report.entry}")
            found += [f"{url}: {problem}" for problem in (report.problems if report else ())]
        return [*self.problems, *found]


def investigate(store: Store, live: Mapping[str, tuple[LedgerEntry | None, str | None]]) -> dict[str, Situation]:
    """Investigate environments: of each, its newest entry and the version that a rollback returns to.

    Nothing that cannot be found out hides the rest: it is a problem of the situation.
    """
    known = {name: (entry, back) for name, (entry, back) in live.items() if entry is not None}
    problems, reports = [], None
    try:
        reports = ask_for_reports() if known else []
    except CreditError as error:
        problems = [str(error)]
    load = _make_loader(store)
    return {
        name: Situation(
            entry,
            _assess_way_back(load, entry, back) if back else None,
            _select_reports(name, reports) if reports else None,
            *_read_remarks(store, name, entry, problems),
        )
        for name, (entry, back) in known.items()
    }


def _select_reports(environment: str, reports: list[ServiceReport]) -> list[ServiceReport]:
    return [one for one in reports if one.report is None or one.report.environment == environment]


def _read_remarks(
    store: Store, environment: str, entry: LedgerEntry, problems: list[str]
) -> tuple[list[Note], list[Alarm], list[str]]:
    """Read the notes and the alarms about an entry; what cannot be read becomes one more problem."""
    found, notes, alarms = list(problems), [], []
    try:
        notes = read_notes(store, environment, entry)
    except CreditError as error:
        found.append(str(error))
    try:
        alarms = read_alarms(store, environment, entry)
    except CreditError as error:
        found.append(str(error))
    return notes, alarms, found


def _make_loader(store: Store) -> LoadBundle:
    """Make a function that loads the bundle of a version, verified, each once."""

    @cache
    def load(version: str, digest: str | None) -> Bundle:
        return versions.load_stored_bundle(store, versions.require_version(store, version, digest))

    return load


def _assess_way_back(load: LoadBundle, entry: LedgerEntry, version: str) -> WayBack:
    """Load the version to return to as a rollback does, and compare what it takes with what clients send now."""
    try:
        other = load(version, None)
    except CreditError as error:
        return WayBack(version, str(error.problems[0]), None)
    try:
        live = load(entry.version, entry.digest)
        return WayBack(version, "", compare_clients(list_request_fields(live), list_request_fields(other)))
    except CreditError:
        return WayBack(version, "", None)


def format_situation(situation: Situation) -> list[Row]:
    """Format the situation as rows of a table, below what the ledger says."""
    rows = [("", f"note by {note.actor}: {note.text}") for note in situation.notes]
    rows += [("", line) for line in _format_way_back(situation.way_back)]
    rows += _format_decided(situation)
    alarms = situation.alarms
    if situation.reports is None and not alarms:
        return rows
    return [*rows, *_head_rows("alarms", alarms or ["none"])]


def suggest_commands(environment: str, situation: Situation) -> list[Row]:
    """Suggest commands that work: the way back, the kill switch, and who was decided by the live version.

    Where there is no version to return to, the rule is the way back.
    """
    entry, to_rule = situation.entry, f"release rollback --env {environment} --to rule --reason '...'"
    who = ("who:", f"release affected {entry.version} --env {environment}")
    if situation.way_back is None:
        return [("back:", to_rule), who]
    lifts = " --after-rule" if entry.kind == "fallback" else ""
    back = ("back:", f"release rollback --env {environment} --from {entry.number}{lifts} --reason '...'")
    return [back, who] if lifts else [back, ("rule:", to_rule), who]


def _format_way_back(way: WayBack | None) -> list[str]:
    if way is None:
        return []
    if way.failure:
        return [f"{way.version} cannot be returned to: {way.failure}"]
    if way.effects is None:
        return [f"{way.version} is whole; what it makes of clients is not known: the live one is not readable"]
    lines = way.effects.list_lines()
    if not lines:
        return [f"{way.version} is whole and reads what clients send now"]
    return [f"{way.version} is whole; of what clients send now:", *(f"  {line}" for line in lines)]


def _format_decided(situation: Situation) -> list[Row]:
    if situation.reports is None:
        return [("decided", "not known: RELEASE_SERVICE_URL names no service to ask")] if not situation.problems else []
    lines: list[str] = []
    for url, report, _ in situation.reports:
        if report is not None:
            lines += [f"{_format_counts(report)} ({url})", *_format_groups(report), *report.notes]
    return _head_rows("decided", lines or ["not known: no service of this environment answers"])


def _format_counts(report: DecidedReport) -> str:
    counts = ", ".join(f"{report.decisions.get(kind, 0):,} {word}" for kind, word in _WORDS.items())
    by_rule = f", {report.by_rule:,} of them by the rule" if report.by_rule else ""
    since = f" since {report.since:%Y-%m-%d %H:%M:%S} UTC" if report.since else ""
    return f"{report.total:,}{since}: {counts}{by_rule}"


def _format_groups(report: DecidedReport) -> list[str]:
    """Format the groups, a line per attribute; none before anybody was decided."""
    by_attribute: dict[str, list[str]] = {}
    for one in report.groups if report.total else ():
        text = f"{one.group} {one.approved} of {one.people}" if one.approved else f"{one.group} {one.people}"
        by_attribute.setdefault(one.attribute, []).append(text)
    return [f"approved by {name}: {', '.join(texts)}" for name, texts in by_attribute.items()]


def _head_rows(head: str, lines: list[str]) -> list[Row]:
    return [(head if place == 0 else "", line) for place, line in enumerate(lines)]


def dump_situation(situation: Situation) -> dict[str, Any]:
    """Dump the situation for --json."""
    decided = None
    if situation.reports is not None:
        decided = {one.url: one.report.model_dump(mode="json") for one in situation.reports if one.report is not None}
    way = situation.way_back
    effects = way.effects._asdict() if way and way.effects else None
    return {
        "way_back": way._asdict() | {"effects": effects} if way else None,
        "decided": decided,
        "alarms": situation.alarms,
        "watch": [alarm.model_dump(mode="json") for alarm in situation.watched],
        "notes": [note.model_dump(mode="json") for note in situation.notes],
    }

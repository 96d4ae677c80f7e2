"""Show the live version of each environment, since when and why; the versions that may be deployed"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
from tabulate import tabulate

from credit.common.cli import Answer
from credit.common.dates import format_age
from credit.common.errors import CreditError
from credit.registry import versions as published
from credit.registry.address import open_store
from credit.registry.challenges import Challenge, Challenges
from credit.registry.holds import Hold, read_hold
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from release.commands.options import StoreCommand, add_environment
from release.deployment.change import describe_decider
from release.deployment.quarantine import Quarantine
from release.deployment.way_back import find_rollback_entry
from release.oncall.situation import dump_situation, format_situation, investigate, suggest_commands
from release.repository.witness import check_ledger, describe_registration, list_withdrawn


class EnvironmentStatus(NamedTuple):
    """An environment: the newest entry, the version that a rollback returns to, and why they cannot be read.

    `damage`: the entries that were changed or taken out; `notes`: of the live version, the way back, the hold, the
    quarantine and the ledger; `hold`: while the watch takes nothing back by itself; `quarantine`: versions that it did.
    `challenge`: the one that is on.
    """

    entry: LedgerEntry | None
    back: str | None
    problem: str | None
    damage: list[str]
    notes: list[str]
    hold: Hold | None
    quarantine: list[str]
    challenge: Challenge | None


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release status --env prod")
@add_environment(required=False)
def run(env: str | None) -> Answer:
    """Read the newest entry of each ledger; exit code 1 when one is not valid, which does not hide the others."""
    store = open_store()
    versions = [str(version) for version in published.list_versions(store)]
    seen = {name: _read_status(Ledger(store, name)) for name in ([env] if env else ENVIRONMENTS)}
    broken = any(one.problem or one.damage for one in seen.values())
    situations = investigate(store, {name: (one.entry, one.back) for name, one in seen.items()})
    rows = []
    for name, one in seen.items():
        rows += _format_status(name, one) + (format_situation(situations[name]) if name in situations else [])
    rows += _format_published(store.url, versions)
    rows += [row for name in list(situations)[-1:] for row in suggest_commands(name, situations[name])]
    if not (broken or versions or any(one.entry for one in seen.values())):
        rows += [("", "another store? RELEASE_STORE, else release.yaml, names the one that is looked at")]
    environments = {name: _dump_status(one) for name, one in seen.items()}
    for name, situation in situations.items():
        environments[name] |= dump_situation(situation)
    content = {"store": store.url, "published": versions, "environments": environments}
    return Answer(content, tabulate(rows, tablefmt="plain", disable_numparse=True), 1 if broken else 0)


def _read_status(ledger: Ledger) -> EnvironmentStatus:
    entry, back, problem, report = None, None, None, check_ledger(ledger)
    hold, challenge, quarantined = None, None, dict[str, LedgerEntry]()
    notes = report.notes
    try:
        quarantined = Quarantine(ledger).versions
        notes = [*map(_describe_quarantined, quarantined.items()), *notes]
        entry = ledger.read_newest()
        if entry is not None:
            target, passed = find_rollback_entry(ledger, entry, list_withdrawn())
            back = target.version if target else None
            notes = [line for line in (describe_registration(entry), *map(_describe_passed, passed)) if line] + notes
    except CreditError as error:
        problem = str(error)
    try:
        hold = read_hold(ledger.store, ledger.environment)
        challenge = Challenges(ledger.store, ledger.environment).read_current()
        live = entry.number if entry else 0
        beside = [
            *([_describe_hold(hold)] if hold else []),
            *([_describe_challenge(challenge, live)] if challenge else []),
        ]
        notes = [*beside, *notes]
    except CreditError as error:
        problem = problem or str(error)
    damage = [str(one) for one in report.problems]
    return EnvironmentStatus(entry, back, problem, damage, notes, hold, list(quarantined), challenge)


def _describe_hold(hold: Hold) -> str:
    return f"held since {hold.time:%Y-%m-%d %H:%M} UTC, the watch takes nothing back: {hold.actor}: {hold.reason}"


def _describe_challenge(challenge: Challenge, live: int) -> str:
    """Describe a challenge beside the entry that is live, and the command that judges it."""
    does = "challenges as a shadow"
    if plan := challenge.plan:
        does = f"decides about {plan.share:.1%} of the applicants until {plan.until:%Y-%m-%d %H:%M} UTC,"
        if live != challenge.entry:
            does = f"decides about nobody any more, its split is of entry {challenge.entry};"
        elif datetime.now(UTC) >= plan.until:
            does = f"decides about nobody any more, its split was over at {plan.until:%Y-%m-%d %H:%M} UTC;"
    since = f"{challenge.version} {does} since {challenge.time:%Y-%m-%d %H:%M} UTC"
    see = f"see release compare --live --env {challenge.environment}"
    return f"{since}: {challenge.actor}: {challenge.reason}; {see}"


def _describe_quarantined(of: tuple[str, LedgerEntry]) -> str:
    version, action = of
    return f"{version} is in quarantine since entry {action.number}, release deploy asks for --despite"


def _describe_passed(version: str) -> str:
    return f"a rollback passes over {version}, which is withdrawn"


def _format_status(name: str, seen: EnvironmentStatus) -> list[tuple[str, str]]:
    entry = seen.entry
    damage = [("", f"error: {line}") for line in seen.damage]
    if entry is None:
        return [(name, f"error: {seen.problem}" if seen.problem else "nothing was deployed yet"), *damage]
    now = datetime.now(UTC)
    back = seen.back or "no version; --to rule lets the rule decide"
    since = f"{entry.time:%Y-%m-%d %H:%M:%S} UTC ({format_age(now - entry.time)})"
    return [
        (name, f"{describe_decider(entry)}, since {since}"),
        ("", f"{entry.kind} by {entry.actor}: {entry.reason} (entry {entry.number})"),
        ("", f"error: {seen.problem}" if seen.problem else f"a rollback returns to {back}"),
        *(("", f"note: {line}") for line in seen.notes),
        *damage,
    ]


def _format_published(url: str, versions: list[str]) -> list[tuple[str, str]]:
    before = f", and {len(versions) - 10} before them" if len(versions) > 10 else ""
    return [("published", f"{', '.join(versions[-10:]) or 'nothing'} in {url}{before}")]


def _dump_status(seen: EnvironmentStatus) -> dict[str, Any]:
    problem: dict[str, Any] = {"problem": seen.problem} if seen.problem else {}
    problem |= ({"damage": seen.damage} if seen.damage else {}) | ({"remarks": seen.notes} if seen.notes else {})
    problem |= {"hold": seen.hold.model_dump(mode="json")} if seen.hold else {}
    problem |= {"quarantine": seen.quarantine} if seen.quarantine else {}
    problem |= {"challenge": seen.challenge.model_dump(mode="json", exclude_none=True)} if seen.challenge else {}
    if seen.entry is None:
        return problem or {"version": None}
    decided_by = "rule" if seen.entry.kind == "fallback" else "version"
    content = seen.entry.model_dump(mode="json", exclude_none=True)
    return content | {"decided_by": decided_by, "rollback_to": seen.back} | problem

"""Show the live version of each environment, since when and why; the versions that may be deployed"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
from tabulate import tabulate

from credit.common.cli import Answer, AnsweringCommand
from credit.common.dates import format_age
from credit.common.errors import CreditError
from credit.registry import versions as published
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from credit.registry.store import open_store
from release.commands.options import add_environment
from release.deployment.plan import describe_decider
from release.oncall.situation import dump_situation, format_situation, investigate, suggest_commands


class EnvironmentStatus(NamedTuple):
    """An environment: the newest entry, the version that a rollback returns to, and what cannot be read of them."""

    entry: LedgerEntry | None
    back: str | None
    problem: str | None


@click.command(cls=AnsweringCommand, help=__doc__, epilog="example:\n  release status --env prod")
@add_environment(required=False)
def run(env: str | None) -> Answer:
    """Read the newest entry of each ledger; exit code 1 when one is not valid, which does not hide the others."""
    store = open_store()
    versions = [str(version) for version in published.list_versions(store)]
    seen = {name: _read_status(Ledger(store, name)) for name in ([env] if env else ENVIRONMENTS)}
    broken = any(one.problem for one in seen.values())
    situations = investigate(store, {name: (one.entry, one.back) for name, one in seen.items()})
    rows = []
    for name, one in seen.items():
        rows += _format_status(name, one) + (format_situation(situations[name]) if name in situations else [])
    rows += _format_published(store.url, versions) + _suggest_rollback(seen)
    rows += [row for name in list(situations)[-1:] for row in suggest_commands(name, situations[name])]
    if not (broken or versions or any(one.entry for one in seen.values())):
        rows += [("", "another store? RELEASE_STORE names the one that is looked at")]
    environments = {name: _dump_status(one) for name, one in seen.items()}
    for name, situation in situations.items():
        environments[name] |= dump_situation(situation)
    content = {"store": store.url, "published": versions, "environments": environments}
    return Answer(content, tabulate(rows, tablefmt="plain", disable_numparse=True), 1 if broken else 0)


def _read_status(ledger: Ledger) -> EnvironmentStatus:
    entry = None
    try:
        entry = ledger.read_newest()
        back = ledger.read_entry(entry.back).version if entry and entry.back else None
    except CreditError as error:
        return EnvironmentStatus(entry, None, str(error))
    return EnvironmentStatus(entry, back, None)


def _format_status(name: str, seen: EnvironmentStatus) -> list[tuple[str, str]]:
    entry = seen.entry
    if entry is None:
        return [(name, f"error: {seen.problem}" if seen.problem else "nothing was deployed yet")]
    now = datetime.now(UTC)
    back = seen.back or "no version; --to rule lets the rule decide"
    since = f"{entry.time:%Y-%m-%d %H:%M:%S} UTC ({format_age(now - entry.time)})"
    return [
        (name, f"{describe_decider(entry)}, since {since}"),
        ("", f"{entry.kind} by {entry.actor}: {entry.reason} (entry {entry.number})"),
        ("", f"error: {seen.problem}" if seen.problem else f"a rollback returns to {back}"),
    ]


def _format_published(url: str, versions: list[str]) -> list[tuple[str, str]]:
    before = f", and {len(versions) - 10} before them" if len(versions) > 10 else ""
    return [("published", f"{', '.join(versions[-10:]) or 'nothing'} in {url}{before}")]


def _suggest_rollback(seen: Mapping[str, EnvironmentStatus]) -> list[tuple[str, str]]:
    """Suggest a command that works: where there is no version to return to, the rule."""
    live = [name for name, one in seen.items() if one.entry]
    if not live:
        return []
    to = "" if seen[live[-1]].back else "--to rule "
    return [("back:", f"release rollback --env {live[-1]} {to}--reason '...'")]


def _dump_status(seen: EnvironmentStatus) -> dict[str, Any]:
    problem = {"problem": seen.problem} if seen.problem else {}
    if seen.entry is None:
        return problem or {"version": None}
    decided_by = "rule" if seen.entry.kind == "fallback" else "version"
    content = seen.entry.model_dump(mode="json", exclude_none=True)
    return content | {"decided_by": decided_by, "rollback_to": seen.back} | problem

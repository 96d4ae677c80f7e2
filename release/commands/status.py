"""What is live where, since when and why; what may be deployed"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.dates import format_age
from credit.common.errors import CreditError
from credit.registry import versions as published
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from credit.registry.store import open_store
from release.commands.options import add_environment
from release.deployment.plan import describe_decider


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
    lines = [line for name, one in seen.items() for line in _format_status(name, one)]
    lines += [f"published  {', '.join(versions[-10:]) or 'nothing'} in {store.url}"]
    if len(versions) > 10:
        lines[-1] += f", and {len(versions) - 10} before them"
    live = [name for name, one in seen.items() if one.entry]
    for name in live[-1:]:  # a command that works: where there is no version to return to, the rule
        lines += [f"back:      release rollback --env {name} {'' if seen[name].back else '--to rule '}--reason '...'"]
    broken = any(one.problem for one in seen.values())
    if not (live or versions or broken):
        lines += ["           another store? RELEASE_STORE names the one that is looked at"]
    environments = {name: _dump_status(one) for name, one in seen.items()}
    content = {"store": store.url, "published": versions, "environments": environments}
    return Answer(content, "\n".join(lines), 1 if broken else 0)


def _read_status(ledger: Ledger) -> EnvironmentStatus:
    entry = None
    try:
        entry = ledger.read_newest()
        back = ledger.read_entry(entry.back).version if entry and entry.back else None
    except CreditError as error:
        return EnvironmentStatus(entry, None, str(error))
    return EnvironmentStatus(entry, back, None)


def _format_status(name: str, seen: EnvironmentStatus) -> list[str]:
    entry = seen.entry
    if entry is None:
        return [f"{name:10} {f'error: {seen.problem}' if seen.problem else 'nothing was deployed yet'}"]
    now = datetime.now(UTC)
    back = seen.back or "no version; --to rule lets the rule decide"
    return [
        f"{name:10} {describe_decider(entry)}, since {entry.time:%Y-%m-%d %H:%M:%S} UTC "
        f"({format_age(now - entry.time)})",
        f"{'':10} {entry.kind} by {entry.actor}: {entry.reason} (entry {entry.number})",
        f"{'':10} {f'error: {seen.problem}' if seen.problem else f'a rollback returns to {back}'}",
    ]


def _dump_status(seen: EnvironmentStatus) -> dict[str, Any]:
    problem = {"problem": seen.problem} if seen.problem else {}
    if seen.entry is None:
        return problem or {"version": None}
    decided_by = "rule" if seen.entry.kind == "fallback" else "version"
    told = seen.entry.model_dump(mode="json", exclude_none=True)
    return told | {"decided_by": decided_by, "rollback_to": seen.back} | problem

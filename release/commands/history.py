"""Who put what where, when and why; with --at, what was live at a moment"""

from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.dates import parse_time
from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from credit.registry.store import open_store
from release.commands.options import add_environment
from release.deployment.plan import describe_decider

EPILOG = """example:
  release history --env prod
  release history --env prod --at 2026-11-23T04:30"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@add_environment(required=False)
@click.option("--at", metavar="TIME", help="what was live then; ISO 8601, UTC unless it names a zone")
@click.option("--limit", type=click.IntRange(min=0), default=20, metavar="N", help="the newest N (default: 20; 0: all)")
def run(env: str | None, at: str | None, limit: int) -> Answer:
    """Read ledgers from the newest entry on; one that is not valid does not hide the others."""
    store = open_store()
    environments = [env] if env else list(ENVIRONMENTS)
    content: dict[str, Any] = {"store": store.url, "environments": {}}
    lines = []
    broken: list[str] = []
    for name in environments:
        ledger = Ledger(store, name)
        told: list[LedgerEntry | CreditError]
        if at is None:
            told = ledger.read_entries_or_errors(limit)
            lines += [] if told else [f"{name}: nothing was deployed yet"]
        else:
            moment = parse_time(at)
            told = [entry for entry in [ledger.find_entry_at(moment)] if entry]
            lines += [] if told else [f"{name}: nothing was live at {moment:%Y-%m-%d %H:%M:%S %Z}"]
        entries = [one for one in told if isinstance(one, LedgerEntry)]
        broken += [str(one) for one in told if isinstance(one, CreditError)]
        content["environments"][name] = [entry.model_dump(mode="json", exclude_none=True) for entry in entries]
        lines += [f"{name:8} {_format_entry(one) if isinstance(one, LedgerEntry) else f'error: {one}'}" for one in told]
        more = ledger.find_last_number() - len(told)
        if more > 0 and at is None:
            lines += [f"{name:8} and {more} older ones; --limit 0 shows all"]
    return Answer(content | ({"problems": broken} if broken else {}), "\n".join(lines), 1 if broken else 0)


def _format_entry(entry: LedgerEntry) -> str:
    when, who = f"{entry.time:%Y-%m-%d %H:%M:%S}", describe_decider(entry)
    return f"{entry.number:>5}  {when}  {entry.kind:8}  {who:20}  {entry.actor}: {entry.reason}"

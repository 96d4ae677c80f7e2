"""List who deployed which version, when and why; with --at, the version live at a moment"""

from collections.abc import Sequence
from typing import NamedTuple

import click
from tabulate import tabulate

from credit.common.cli import Answer
from credit.common.dates import parse_time
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from release.commands.options import StoreCommand, add_environment
from release.deployment.plan import describe_decider

EPILOG = """example:
  release history --env prod
  release history --env prod --at 2026-11-23T04:30"""

_ALIGNMENT = ["left", "right", *["left"] * 4]


class LedgerExcerpt(NamedTuple):
    """Entries of an environment, the newest first, each an error when it is not valid.

    `older`: how many are left out; `absence`: a line for when there is no entry.
    """

    environment: str
    entries: Sequence[LedgerEntry | CreditError]
    older: int
    absence: str


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@add_environment(required=False)
@click.option("--at", metavar="TIME", help="what was live then; ISO 8601, UTC unless it names a zone")
@click.option("--limit", type=click.IntRange(min=0), default=20, metavar="N", help="the newest N (default: 20; 0: all)")
def run(env: str | None, at: str | None, limit: int) -> Answer:
    """Read ledgers from the newest entry on; one that is not valid does not hide the others."""
    store = open_store()
    ledgers = [Ledger(store, name) for name in ([env] if env else ENVIRONMENTS)]
    excerpts = [_read_newest(ledger, limit) if at is None else _read_at(ledger, at) for ledger in ledgers]
    valid = {
        one.environment: [
            entry.model_dump(mode="json", exclude_none=True) for entry in one.entries if isinstance(entry, LedgerEntry)
        ]
        for one in excerpts
    }
    broken = [str(error) for one in excerpts for error in one.entries if isinstance(error, CreditError)]
    content = {"store": store.url, "environments": valid} | ({"problems": broken} if broken else {})
    return Answer(content, "\n".join(map(_format_excerpt, excerpts)), 1 if broken else 0)


def _read_newest(ledger: Ledger, limit: int) -> LedgerExcerpt:
    entries = ledger.read_entries_or_errors(limit)
    older = ledger.find_last_number() - len(entries)
    return LedgerExcerpt(ledger.environment, entries, older, "nothing was deployed yet")


def _read_at(ledger: Ledger, time: str) -> LedgerExcerpt:
    moment = parse_time(time)
    entry = ledger.find_entry_at(moment)
    absence = f"nothing was live at {moment:%Y-%m-%d %H:%M:%S %Z}"
    return LedgerExcerpt(ledger.environment, [entry] if entry else [], 0, absence)


def _format_excerpt(excerpt: LedgerExcerpt) -> str:
    if not excerpt.entries:
        return f"{excerpt.environment}: {excerpt.absence}"
    rows = [[excerpt.environment, *_format_cells(one)] for one in excerpt.entries]
    table: str = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=_ALIGNMENT)
    more = f"\n{excerpt.environment}  and {excerpt.older} older ones; --limit 0 shows all" if excerpt.older > 0 else ""
    return table + more


def _format_cells(one: LedgerEntry | CreditError) -> list[str]:
    """Format number, time, kind and decider of an entry, who made it and why; of an unreadable one only the error."""
    if isinstance(one, CreditError):
        return [*[""] * 4, f"error: {one}"]
    when = f"{one.time:%Y-%m-%d %H:%M:%S}"
    return [str(one.number), when, one.kind, describe_decider(one), f"{one.actor}: {one.reason}"]

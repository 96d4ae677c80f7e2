"""List who deployed which version, when and why; with --at, the version live at a moment"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click
from tabulate import tabulate

from credit.common.cli import Answer
from credit.common.dates import parse_time
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.challenges import Challenge, Challenges
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS
from credit.registry.notes import Note, list_noted_entries, read_notes
from credit.registry.store import Store
from release.commands.options import StoreCommand, add_environment
from release.deployment.change import describe_decider

EPILOG = """example:
  release history --env prod
  release history --env prod --at 2026-11-23T04:30"""

Beside = Note | Challenge | CreditError
"""A record below an entry: noted later, or a challenge that was begun or ended while it was live."""

_ALIGNMENT = ["left", "right", *["left"] * 4]


class LedgerExcerpt(NamedTuple):
    """Entries of an environment, the newest first, each an error when it is not valid.

    `older`: how many are left out; `absence`: a line for when there is no entry; `notes`: and challenges, by number of
    the entry.
    """

    environment: str
    entries: Sequence[LedgerEntry | CreditError]
    older: int
    absence: str
    notes: dict[int, list[Beside]]


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
        one.environment: [_dump_entry(entry, one.notes) for entry in one.entries if isinstance(entry, LedgerEntry)]
        for one in excerpts
    }
    records = [record for one in excerpts for record in [*one.entries, *(n for of in one.notes.values() for n in of)]]
    broken = [str(error) for error in records if isinstance(error, CreditError)]
    content = {"store": store.url, "environments": valid} | ({"problems": broken} if broken else {})
    return Answer(content, "\n".join(map(_format_excerpt, excerpts)), 1 if broken else 0)


def _read_newest(ledger: Ledger, limit: int) -> LedgerExcerpt:
    entries = ledger.read_entries_or_errors(limit)
    older = ledger.find_last_number() - len(entries)
    return LedgerExcerpt(ledger.environment, entries, older, "nothing was deployed yet", _read_notes(ledger, entries))


def _read_at(ledger: Ledger, time: str) -> LedgerExcerpt:
    moment = parse_time(time)
    entry = ledger.find_entry_at(moment)
    absence = f"nothing was live at {moment:%Y-%m-%d %H:%M:%S %Z}"
    entries = [entry] if entry else []
    return LedgerExcerpt(ledger.environment, entries, 0, absence, _read_notes(ledger, entries))


def _read_notes(ledger: Ledger, entries: Sequence[LedgerEntry | CreditError]) -> dict[int, list[Beside]]:
    """Read the notes on entries and the challenges of them; where they are not valid, the error."""
    noted = list_noted_entries(ledger.store, ledger.environment) if entries else set()
    valid = [one for one in entries if isinstance(one, LedgerEntry)]
    challenges = _read_challenges_or_error(ledger, valid[0].number) if valid else {}
    found: dict[int, list[Beside]] = {}
    for one in valid:
        notes = _read_notes_or_error(ledger.store, ledger.environment, one) if one.number in noted else []
        if beside := [*notes, *challenges.get(one.number, [])]:
            found[one.number] = beside
    return found


def _read_notes_or_error(store: Store, environment: str, entry: LedgerEntry) -> list[Beside]:
    try:
        return [*read_notes(store, environment, entry)]
    except CreditError as error:
        return [error]


def _read_challenges_or_error(ledger: Ledger, newest: int) -> dict[int, list[Beside]]:
    """Read the challenges by the entry that was live; an error is told at the newest one."""
    found: dict[int, list[Beside]] = {}
    try:
        for one in Challenges(ledger.store, ledger.environment).read_all():
            found.setdefault(one.entry, []).append(one)
    except CreditError as error:
        found.setdefault(newest, []).append(error)
    return found


def _format_excerpt(excerpt: LedgerExcerpt) -> str:
    if not excerpt.entries:
        return f"{excerpt.environment}: {excerpt.absence}"
    rows = []
    for one in excerpt.entries:
        notes = excerpt.notes.get(one.number, []) if isinstance(one, LedgerEntry) else []
        rows += [[excerpt.environment, *_format_cells(record)] for record in [one, *notes]]
    table: str = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=_ALIGNMENT)
    more = f"\n{excerpt.environment}  and {excerpt.older} older ones; --limit 0 shows all" if excerpt.older > 0 else ""
    return table + more


def _dump_entry(entry: LedgerEntry, notes: Mapping[int, Sequence[Beside]]) -> dict[str, Any]:
    """Dump an entry with its valid notes and challenges; without the key where there are none."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for one in notes.get(entry.number, []):
        if not isinstance(one, CreditError):
            listed.setdefault("notes" if isinstance(one, Note) else "challenges", []).append(
                one.model_dump(mode="json")
            )
    return entry.model_dump(mode="json", exclude_none=True) | listed


def _format_cells(one: LedgerEntry | Beside) -> list[str]:
    """Format number, time, kind and decider of an entry, who made it and why; of an unreadable one only the error.

    A note or a challenge is below its entry, without a number.
    """
    if isinstance(one, CreditError):
        return [*[""] * 4, f"error: {one}"]
    when = f"{one.time:%Y-%m-%d %H:%M:%S}"
    if isinstance(one, Note):
        return ["", when, "note", "", f"{one.actor}: {one.text}"]
    if isinstance(one, Challenge):
        what = {"shadow": "challenge", "split": "split", "end": "ended"}[one.kind]
        return ["", when, what, one.version, f"{one.actor}: {one.reason}"]
    return [str(one.number), when, one.kind, describe_decider(one), f"{one.actor}: {one.reason}"]

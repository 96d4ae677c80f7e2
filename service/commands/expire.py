"""Erase inputs and protected values of decisions older than SERVICE_RETENTION_MONTHS, remove old months

By default no age is set, and nothing is erased or removed. Erased decisions stay, with a hash of the values, so that
the chain of the log holds. With SERVICE_REMOVAL_MONTHS whole months of decisions that are older go altogether: in
PostgreSQL a partition at a time, by the role to which the tables belong. What goes is announced in the release store
first, without which nothing is removed, and an event has the hashes at both ends of it, so that verify-log goes on
behind it. There is no way back. Run it by a timer, such as cron.

It erases and removes only decisions of SERVICE_ENVIRONMENT, of all with --all-environments. Where others have
decisions of an old month, it goes row by row, and theirs stay."""

import sys
from calendar import monthrange
from datetime import UTC, datetime
from functools import partial

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.months.partitions import add_months
from credit.decision_log.months.removal import Removal, plan_removal, remove_decisions
from credit.decision_log.people.erasure import count_expired, expire_decisions
from credit.registry.address import open_store
from service.people.opened_log import OpenedLog, open_log

EPILOG = """example:
  SERVICE_RETENTION_MONTHS=25 python -m service expire --dry-run"""


def subtract_months(moment: datetime, months: int) -> datetime:
    """Subtract calendar months; of a day that the earlier month lacks its last one is left."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="count only")
@click.option(
    "--all-environments", is_flag=True, help="erase and remove decisions of every environment of the database"
)
def run(dry_run: bool, all_environments: bool) -> Answer:
    """Remove old months and erase the inputs of old decisions, or count them."""
    now = datetime.now(UTC)
    with open_log() as log:
        erase, remove = log.settings.retention_months, log.settings.removal_months
        if erase is None and remove is None:
            expected = "how many months inputs and protected values are kept"
            nothing = "nothing was erased; SERVICE_REMOVAL_MONTHS says how many months decisions are"
            raise CreditError(Problem("SERVICE_RETENTION_MONTHS", "nothing", expected, nothing))
        parts, failed = [], None
        whose = None if all_environments else log.settings.environment
        try:
            if remove is not None:
                parts.append(_remove(log, add_months(subtract_months(now, remove), 0), dry_run, whose))
        except CreditError as error:  # what is to be erased by its age waits for no store
            failed = error
        if erase is not None:
            gone = parts[0].content["removed_before"] if parts else None
            parts.append(_erase(log, subtract_months(now, erase), gone, dry_run, whose))
    if failed:
        print(*(part.text for part in parts), sep="\n", end="\n" if parts else "", file=sys.stderr)
        raise failed
    content = {"dry_run": dry_run}
    for part in parts:
        content |= part.content
    return Answer(content, "\n".join(part.text for part in parts))


def _remove(log: OpenedLog, before: datetime, dry_run: bool, environment: str | None) -> Answer:
    """Remove the months from before one, or count their decisions."""
    store = partial(open_store, make=False)
    removal = (
        plan_removal(log.database, before, environment)
        if dry_run
        else remove_decisions(log.database, log.events, before, log.caller, store, environment)
    )
    content = {"removed_before": before.isoformat(), "removed": removal.decisions, "partitions": removal.partitions}
    return Answer(content, _describe_removal(removal, before, dry_run, environment))


def _describe_removal(removal: Removal, before: datetime, dry_run: bool, environment: str | None) -> str:
    done = "would be removed" if dry_run else "were removed"
    of = f" of {environment}" if environment else ""
    line = f"{removal.decisions:,} decisions{of} of months before {before:%Y-%m} {done}"
    parts = [f"{name} with {number:,}" for name, number in removal.partitions.items()]
    return line + (f": {', '.join(parts)}, and {removal.rows:,} row by row" if parts else "")


def _erase(
    log: OpenedLog, before: datetime, removed_before: str | None, dry_run: bool, environment: str | None
) -> Answer:
    """Erase what decisions from before a moment were made by, or count those that no removal takes."""
    if dry_run:
        number = count_expired(log.database, before, environment)
        if removed_before is not None:
            number -= count_expired(log.database, min(before, datetime.fromisoformat(removed_before)), environment)
    else:
        number = expire_decisions(log.database, log.events, before, log.caller, environment)
    done = "would lose" if dry_run else "lost"
    of = f" of {environment}" if environment else ""
    said = f"{number:,} decisions{of} from before {before:%Y-%m-%d %H:%M} UTC {done} their inputs and protected values"
    return Answer({"before": before.isoformat(), "environment": environment, "decisions": number}, said)

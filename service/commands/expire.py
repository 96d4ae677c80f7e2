"""Erase inputs and protected values of decisions older than SERVICE_RETENTION_MONTHS, remove old months

By default no age is set, and nothing is erased or removed. Erased decisions stay, with a hash of the values, so that
the chain of the log holds. With SERVICE_REMOVAL_MONTHS whole months of decisions that are older go altogether: in
PostgreSQL a partition at a time, by the role to which the tables belong. What goes is announced in the release store
first, without which nothing is removed, and an event has the hashes at both ends of it, so that verify-log goes on
behind it. There is no way back. Run it by a timer, such as cron.

It erases only decisions of SERVICE_ENVIRONMENT. Months go for all environments of a database together: while there
are such decisions of others, none is removed without --all-environments."""

import sys
from calendar import monthrange
from datetime import UTC, datetime
from functools import partial

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.months.partitions import add_months
from credit.decision_log.months.removal import Removal, count_of_others, plan_removal, remove_decisions
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
    with open_log(patient=True) as log:
        erase, remove = log.settings.retention_months, log.settings.removal_months
        if erase is None and remove is None:
            expected = "how many months inputs and protected values are kept"
            nothing = "nothing was erased; SERVICE_REMOVAL_MONTHS says how many months decisions are"
            raise CreditError(Problem("SERVICE_RETENTION_MONTHS", "nothing", expected, nothing))
        parts, failed = [], None
        try:
            if remove is not None:
                first = add_months(subtract_months(now, remove), 0)
                if not all_environments:
                    _require_own(log, first)
                parts.append(_remove(log, first, dry_run))
        except CreditError as error:  # what is to be erased by its age waits for no store, and for no other environment
            failed = error
        if erase is not None:
            gone = parts[0].content["removed_before"] if parts else None
            whose = None if all_environments else log.settings.environment
            parts.append(_erase(log, subtract_months(now, erase), gone, dry_run, whose))
    if failed:
        print(*(part.text for part in parts), sep="\n", end="\n" if parts else "", file=sys.stderr)
        raise failed
    content = {"dry_run": dry_run}
    for part in parts:
        content |= part.content
    return Answer(content, "\n".join(part.text for part in parts))


def _require_own(log: OpenedLog, before: datetime) -> None:
    """Require that every decision from before a month is of this environment: months go for all together."""
    if others := count_of_others(log.database, before, log.settings.environment):
        found = ", ".join(f"{number:,} decisions of {name}" for name, number in others.items())
        expected = f"only decisions of {log.settings.environment}, from before {before:%Y-%m}"
        fix = "expire --all-environments removes these months for all of them"
        raise CreditError(Problem(f"the decision log {log.database}", found, expected, fix))


def _remove(log: OpenedLog, before: datetime, dry_run: bool) -> Answer:
    """Remove the months from before one, or count their decisions."""
    removal = (
        plan_removal(log.database, before)
        if dry_run
        else remove_decisions(log.database, log.events, before, log.caller, partial(open_store, make=False))
    )
    content = {"removed_before": before.isoformat(), "removed": removal.decisions, "partitions": removal.partitions}
    return Answer(content, _describe_removal(removal, before, dry_run))


def _describe_removal(removal: Removal, before: datetime, dry_run: bool) -> str:
    done = "would be removed" if dry_run else "were removed"
    line = f"{removal.decisions:,} decisions of months before {before:%Y-%m} {done}"
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

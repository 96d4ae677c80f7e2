"""Erase the inputs and protected values of decisions that are older than SERVICE_RETENTION_MONTHS

By default that is not set, and nothing is erased. The decisions stay, with a hash of the values, so that the chain
of the log holds. There is no way back. Run it by a timer, such as cron."""

from calendar import monthrange
from datetime import UTC, datetime

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.people.erasure import count_expired, expire_decisions
from service.people.opened_log import open_log

EPILOG = """example:
  SERVICE_RETENTION_MONTHS=25 python -m service expire --dry-run"""


def subtract_months(moment: datetime, months: int) -> datetime:
    """Subtract calendar months; of a day that the earlier month lacks its last one is left."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="count only")
def run(dry_run: bool) -> Answer:
    """Erase the inputs of old decisions, or count them."""
    with open_log() as log:
        if (months := log.settings.retention_months) is None:
            expected = "how many months inputs and protected values are kept"
            raise CreditError(Problem("SERVICE_RETENTION_MONTHS", "nothing", expected, "nothing was erased"))
        before = subtract_months(datetime.now(UTC), months)
        if dry_run:
            number = count_expired(log.database, before)
        else:
            number = expire_decisions(log.database, log.events, before, log.caller)
    content = {"before": before.isoformat(), "decisions": number, "dry_run": dry_run}
    done = "would lose" if dry_run else "lost"
    said = f"{number:,} decisions from before {before:%Y-%m-%d %H:%M} UTC {done} their inputs and protected values"
    return Answer(content, said)

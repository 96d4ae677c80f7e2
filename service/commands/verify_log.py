"""Check that the decision log is as it was written: no row altered, deleted, inserted or reordered

Each row carries the hash of its content and of its writer's row before; the newest hashes are in the release store now
and then, where nothing is overwritten. Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE, as the service does,
and changes nothing. Exit code 0: as it was written; 3: something is not; 1: it could not be checked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError
from credit.decision_log.integrity.findings import TableReport, describe_report
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.locate import open_read_only
from credit.registry.address import open_store
from credit.registry.store import Store
from service.settings import load_settings

EPILOG = """example:
  SERVICE_STATE=.service python -m service verify-log
  python -m service verify-log --since 2026-11-01 --until 2026-12-01"""
EXIT_DIFFERS = 3


class Moment(click.ParamType[datetime]):
    """A time, in UTC unless it says otherwise."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse the time; fail with an example."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"found {value!r}, expected a time such as 2026-11-01 or 2026-11-01T12:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command("verify-log", cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.option("--since", type=Moment(), metavar="TIME", help="from the first row of this time, UTC (default: all)")
@click.option("--until", type=Moment(), metavar="TIME", help="to the last row before this time, UTC")
def run(since: datetime | None, until: datetime | None) -> Answer:
    """Verify and name the first rows that are not as they were."""
    settings = load_settings()
    store, no_store = _find_store()
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    with open_read_only(url, settings.state, patient=True) as databases:
        reports = verify_databases(databases, store, since, until)
    content = {
        "tables": [{name: value for name, value in vars(one).items() if name != "findings"} for one in reports],
        "findings": [finding._asdict() for one in reports for finding in one.findings],
        "checkpoints": no_store or (store.url if store else ""),
    }
    found = sum(one.found for one in reports)
    return Answer(content, "\n".join(_format_text(reports, no_store)), EXIT_DIFFERS if found else 0)


def _find_store() -> tuple[Store | None, str]:
    """Open the store with the checkpoints; without one, why there is none."""
    try:
        return open_store(make=False), ""
    except CreditError as error:
        return None, f"not compared with checkpoints: {error}"


def _format_text(reports: Sequence[TableReport], no_store: str) -> list[str]:
    lines: list[Any] = [finding for one in reports for finding in one.findings]
    for one in reports:
        hidden = one.found - len(one.findings)
        lines += [f"and {hidden:,} more in {one.table}"] if hidden else []
    return [*map(str, lines), *map(describe_report, reports), *([no_store] if no_store else [])]

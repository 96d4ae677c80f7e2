"""Send people of a table to a running service, some with other values, to see what the watch does

FILE is a table of the pipeline (default: data/test.parquet, people whom the model has not seen). People are drawn from
it by chance, each as often as it comes, and sent as a client would, with their protected attributes. --change gives
values in place of their own to those whom --of names, everybody without it: a field that is suddenly filled in
otherwise. What is decided is in the log of the service and is watched like everything else: never send to one that
decides about people. The key goes into RELEASE_SERVICE_KEY, if the service asks for one."""

from pathlib import Path
from typing import Any

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.common.urls import is_http_address
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.stored_fields import read_stored_fields
from release.commands.options import StoreCommand, add_environment
from release.deployment.service_client import NoAnswerError, ask_decisions, wait_while_older
from release.drill.people import Changes, ColumnValue, People, count_decisions, parse_column_value

EPILOG = """example:
  release rehearse --env prod --to http://127.0.0.1:8000 --people 1000
  release rehearse --env prod --to http://127.0.0.1:8000 --people 1000 --change unver=true --of race=Black"""
_BATCH = 100
"""Applications in a request: far from the largest body, and decided in time by a slow model."""


_FOLLOW_SECONDS = 30.0
"""Seconds that the service may take to follow the newest entry, as after a deployment a moment ago."""


def _parse_address(text: str) -> str:
    if not is_http_address(text):
        raise click.BadParameter("expected an address such as http://127.0.0.1:8000")
    return text.rstrip("/")


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), default=Path("data/test.parquet"), help="a Parquet table")
@add_environment()
@click.option("--to", "url", type=_parse_address, required=True, metavar="URL", help="the service that is asked")
@click.option("--people", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="how many")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="another one draws other people")
@click.option("--change", "values", type=parse_column_value, multiple=True, metavar="COLUMN=VALUE", help="a new value")
@click.option("--of", type=parse_column_value, multiple=True, metavar="COLUMN=VALUE", help="who gets it")
def run(
    file: Path, env: str, url: str, people: int, seed: int, values: tuple[ColumnValue, ...], of: tuple[ColumnValue, ...]
) -> Answer:
    """Draw people, send them, and count the decisions by the version that made them."""
    if of and not values:
        raise click.UsageError("--of: expected --change beside it")
    entry = _find_live(open_store(), env)
    drawn = People(file, read_stored_fields(open_store(), entry.digest), Changes(values, of))
    requests, changed = drawn.draw(people, seed)
    if values and not changed:
        raise CreditError(Problem(f"--of {' '.join(map(str, of))}", f"nobody of the {people:,} people who were drawn"))
    if older := wait_while_older(entry, url, _FOLLOW_SECONDS):
        fix = f"does it serve {env}, and does it reach the store?"
        raise CreditError(Problem(url, older, f"entry {entry.number}, the newest of {env}", fix))
    counts = count_decisions(_send(url, requests))
    told = ", ".join(drawn.protected) or "nothing, the file has no protected attribute: no group can be watched"
    lines = [f"{people:,} people of {file} were decided by {url}; told of each: {told}"]
    lines += [f"{', '.join(map(str, values))} for {changed:,} of them"] if values else []
    lines += [f"{name}: {', '.join(f'{n:,} {kind}' for kind, n in kinds.items())}" for name, kinds in counts.items()]
    content = {"service": url, "people": people, "changed": changed, "protected": drawn.protected, "decided": counts}
    return Answer(content, "\n".join(lines))


def _find_live(store: Store, environment: str) -> LedgerEntry:
    """Find the entry of the live version, whose contract says what clients send."""
    entry = Ledger(store, environment).read_newest()
    if entry is None:
        where = f"the ledger of {environment} in {store.url}"
        raise CreditError(Problem(where, "no version has been deployed", fix="release deploy puts one there"))
    return entry


def _send(url: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send requests in the order in which people were drawn, as the watch reads them in the order of the log."""
    decisions: list[dict[str, Any]] = []
    for start in range(0, len(requests), _BATCH):
        try:
            decisions += ask_decisions(url, requests[start : start + _BATCH])
        except NoAnswerError as error:
            found = f"{error}; {len(decisions):,} of {len(requests):,} people were decided before"
            raise CreditError(Problem(url, found)) from None
    return decisions

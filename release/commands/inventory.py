"""List every version with its tier, owner, status and last validation

Owner and tier are what dvc.yaml says of the artifact, under `meta`, at the version's commit."""

import click
from tabulate import tabulate

from credit.common.cli import Answer
from credit.common.dates import parse_time
from credit.registry.address import open_store
from release.commands.options import StoreCommand
from release.evidence.inventory import list_inventory
from release.repository.tags import read_registry


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release inventory --json")
@click.option("--at", metavar="TIME", help="as of then; ISO 8601, UTC unless it names a zone")
def run(at: str | None) -> Answer:
    """List the versions that git's tags register."""
    rows = [one.dump() for one in list_inventory(open_store(), read_registry(), parse_time(at) if at else None)]
    shown = ("version", "kind", "candidate", "owner", "tier", "status", "verdict", "validated")
    table = tabulate([[one[name] for name in shown] for one in rows], shown, "plain", disable_numparse=True)
    return Answer({"versions": rows}, table if rows else "no version is registered; release register makes one")

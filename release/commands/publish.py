"""Put the bundle of a version into the store, once"""

import click

from credit.common.cli import Answer
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.names import ENVIRONMENTS, parse_version
from release.commands.options import StoreCommand, add_dry_run
from release.registration.publish import publish_version
from release.repository.git import find_actor
from release.repository.tags import read_registry, require_tag


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release publish v1.2.0")
@click.argument("version", help="a registered version, such as v1.2.0")
@add_dry_run
def run(version: str, dry_run: bool) -> Answer:
    """Publish a version, once more is no error. Raises CreditError when something else is published under its name."""
    store, wanted = open_store(make=not dry_run), parse_version(version)
    if dry_run:
        tag = require_tag(read_registry(), wanted)
        there = versions.find_version(store, wanted)
        state = "is published already" if there else f"would be published from commit {tag.commit[:10]} to {store.url}"
        return Answer({"version": str(wanted), "published": bool(there), "dry_run": True}, f"{wanted} {state}")
    record, wrote = publish_version(store, wanted, find_actor())
    content = record.model_dump(mode="json") | {"wrote": wrote, "store": store.url}
    how = "published" if wrote else "is published already, and every byte is as it was"
    lines = [f"{wanted} {how}: {store.url}, digest {record.digest[:12]}"]
    following = f"release deploy {wanted} --env {ENVIRONMENTS[0]} --reason '...'"
    lines += [f"next:  {following}    (nothing is live by publishing alone)"]
    return Answer(content, "\n".join(lines))

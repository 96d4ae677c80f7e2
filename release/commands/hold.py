"""Hold an environment: the watch takes nothing back by itself until it is resumed

It goes on to watch and to tell. People roll back and deploy as ever."""

import click

from credit.common.cli import Answer
from credit.registry.address import open_store
from credit.registry.holds import append_hold
from credit.registry.names import ENVIRONMENTS
from release.commands.options import StoreCommand, add_reason
from release.repository.git import find_actor

EPILOG = """example:
  release hold prod --reason 'counsel looks into the alarm'
  release resume prod --reason 'nothing was found'"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("env", type=click.Choice(ENVIRONMENTS), help="which environment")
@add_reason
def run(env: str, reason: str) -> Answer:
    """Put the hold beside the ledger."""
    hold = append_hold(open_store(), env, "hold", reason, find_actor())
    text = f"{env}: held, the watch takes nothing back by itself\nundo:  release resume {env} --reason '...'"
    return Answer(hold.model_dump(mode="json"), text)

"""End a hold: the watch may take a version back again"""

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.registry.address import open_store
from credit.registry.holds import append_hold, read_hold
from credit.registry.names import ENVIRONMENTS
from release.commands.options import StoreCommand, add_reason
from release.repository.git import find_actor

EPILOG = """example:
  release resume prod --reason 'nothing was found'"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("env", type=click.Choice(ENVIRONMENTS), help="which environment")
@add_reason
def run(env: str, reason: str) -> Answer:
    """Put the end of the hold beside the ledger."""
    store = open_store()
    if read_hold(store, env) is None:
        raise CreditError(Problem(f"environment {env}", "no hold", fix="there is nothing to resume"))
    resumed = append_hold(store, env, "resume", reason, find_actor())
    text = f"{env}: resumed, the watch may take a version back\nundo:  release hold {env} --reason '...'"
    return Answer(resumed.model_dump(mode="json"), text)

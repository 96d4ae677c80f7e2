"""Put a version into an environment, verified before anybody is decided by it"""

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import open_store
from release.commands.options import add_dry_run, add_environment, add_push, add_reason, add_wait
from release.deployment.approval import find_approver, require_approval
from release.deployment.plan import Attribution, plan_deployment
from release.deployment.rollout import roll_out
from release.deployment.service_client import read_addresses
from release.deployment.wording import describe_change, describe_rollout
from release.registration.publish import find_published, publish_version
from release.repository.git import find_actor
from release.repository.tags import read_registry, require_tag

EPILOG = """example:
  release deploy v1.2.0 --env prod --reason 'passed staging'"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", help="a registered version, such as v1.2.0")
@add_environment()
@add_reason
@add_wait
@add_push
@add_dry_run
def run(version: str, env: str, reason: str, wait: float, push: bool, dry_run: bool) -> Answer:
    """Publish if needed, verify, write the ledger, wait for the services; put back if they stay away."""
    read_addresses()  # before any change: with a wrong address there is no waiting
    store, wanted = open_store(), parse_version(version)
    record = find_published(store, wanted)
    if record is None and dry_run:
        require_tag(read_registry(), wanted)
        text = f"would publish {wanted} to {store.url} and deploy it to {env}"
        return Answer({"dry_run": True, "version": str(wanted), "publish": True}, text)
    if record is None:
        record, _ = publish_version(store, wanted, find_actor())
    change = plan_deployment(Ledger(store, env), record, Attribution(reason, find_actor(), approver=find_approver()))
    require_approval(change)
    if dry_run:
        return describe_change(change)
    return describe_rollout(roll_out(store, change, wait, push, revert=True))

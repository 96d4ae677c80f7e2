"""Return to the version before, to one by name, or to the rule; needs the store only"""

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.store import open_store
from release.commands.options import add_dry_run, add_environment, add_push, add_reason, add_wait
from release.deployment import plan
from release.deployment.rollout import roll_out
from release.deployment.wording import describe_change, describe_rollout
from release.repository.git import find_actor

EPILOG = """example:
  release rollback --env prod --reason 'turns away people without a degree'
  release rollback --env prod --to v1.1.0 --reason '...'
  release rollback --env prod --to rule --reason 'nobody knows what it does'"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@add_environment()
@add_reason
@click.option(
    "--to",
    metavar="VERSION|rule",
    help="a version that was published; or `rule`: the rule decides at once, beside whatever is live. By default "
    "the last version that was live before this one and was not itself rolled back from",
)
@add_wait
@add_push
@add_dry_run
def run(env: str, reason: str, to: str | None, wait: float, push: bool, dry_run: bool) -> Answer:
    """Find what to return to, verify it, and write the ledger."""
    store = open_store()
    ledger, by = Ledger(store, env), plan.Attribution(reason, find_actor())
    if to is None:
        change = plan.plan_rollback(ledger, by)
    elif to == plan.FALLBACK_TARGET:
        change = plan.plan_fallback(ledger, by)
    else:
        change = plan.plan_rollback_to(ledger, versions.require_version(store, to), by)
    if dry_run:
        return describe_change(change)
    return describe_rollout(roll_out(store, change, wait, push, revert=False))

"""Return to the version before, to one by name, or to the rule; needs the store only"""

import click

from credit.common.cli import Answer
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from release.commands.options import RolloutCommand, add_change_options
from release.deployment.change import PREVIOUS_TARGET, Attribution, Condition, parse_target
from release.deployment.plan import plan_way_back
from release.deployment.rollout import roll_out
from release.deployment.wording import describe_rollout, preview_change
from release.repository.git import find_rescuer

EPILOG = """example:
  release rollback --env prod --reason 'turns away people without a degree'
  release rollback --env prod --to v1.1.0 --reason '...'
  release rollback --env prod --to rule --reason 'nobody knows what it does'"""


@click.command(cls=RolloutCommand, help=__doc__, epilog=EPILOG)
@add_change_options
@click.option(
    "--to",
    metavar="VERSION|rule|previous",
    help="a version that was published; or `rule`: the rule decides at once, beside whatever is live. By default, or "
    "with `previous`, the last version that was live before this one and was neither rolled back from nor withdrawn",
)
def run(
    env: str,
    reason: str,
    to: str | None,
    current: str | None,
    after_rule: bool,
    wait: float,
    push: bool,
    dry_run: bool,
) -> Answer:
    """Find what to return to, verify it, and write the ledger."""
    store, when = open_store(), Condition(current, after_rule)
    by = Attribution(reason, find_rescuer())
    change = plan_way_back(Ledger(store, env), parse_target(to or PREVIOUS_TARGET), by, when)
    if dry_run:
        return preview_change(store, change)
    return describe_rollout(roll_out(store, change, wait, push, revert=False))

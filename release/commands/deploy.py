"""Put a version into an environment, verified before anybody is decided by it"""

import click

from credit.common.cli import Answer
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from release.commands.options import RolloutCommand, add_change_options, parse_note
from release.deployment.approval import find_approver, require_approval
from release.deployment.change import (
    FALLBACK_TARGET,
    PREVIOUS_TARGET,
    Attribution,
    Condition,
    check_condition,
    parse_target,
)
from release.deployment.plan import plan_deployment, plan_way_back
from release.deployment.quarantine import check_quarantine
from release.deployment.rollout import roll_out
from release.deployment.service_client import read_addresses
from release.deployment.wording import describe_rollout, preview_change
from release.registration.admission import admit_version, publish_admitted, try_publication
from release.repository.git import find_actor

EPILOG = """example:
  release deploy v1.2.0 --env prod --reason 'passed staging'"""


@click.command(cls=RolloutCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", help="a registered version, such as v1.2.0; or previous, or rule: as release rollback --to")
@add_change_options
@click.option(
    "--despite",
    type=parse_note,
    metavar="REASON",
    help="deploy a version that the watch took back: what is different now",
)
def run(
    version: str,
    env: str,
    reason: str,
    current: str | None,
    after_rule: bool,
    wait: float,
    push: bool,
    dry_run: bool,
    despite: str | None,
) -> Answer:
    """Admit, publish if needed, verify, write the ledger, wait for the services; put back if they stay away.

    A way back asks neither for an approval nor for addresses of services: nothing may delay the kill switch.
    """
    target, when = parse_target(version), Condition(current, after_rule)
    if target in (PREVIOUS_TARGET, FALLBACK_TARGET):
        if despite is not None:
            raise click.UsageError(f"--despite is about a version, and {target} is none")
        store = open_store()
        change = plan_way_back(Ledger(store, env), target, Attribution(reason, find_actor()), when)
        if dry_run:
            return preview_change(store, change)
        return describe_rollout(roll_out(store, change, wait, push, revert=False))
    read_addresses()  # before any change: with a wrong address there is no waiting
    store, wanted = open_store(make=not dry_run), parse_version(target)
    ledger = Ledger(store, env)
    check_condition(ledger, ledger.read_newest(), when)  # before anything is published for it
    admission = admit_version(ledger, wanted)
    if admission.record is None and dry_run:
        digest = try_publication(wanted)
        text = f"would publish {wanted} to {store.url} and deploy it to {env}\ngate:  {admission.note}"
        return Answer({"dry_run": True, "version": str(wanted), "publish": True, "digest": digest}, text)
    if admission.record is not None:
        check_quarantine(ledger, admission.record, despite)  # before anybody is asked to approve it
    record = publish_admitted(store, admission, find_actor())
    reason = "; ".join(filter(None, (reason, check_quarantine(ledger, record, despite))))
    change = plan_deployment(ledger, record, Attribution(reason, find_actor(), approver=find_approver()), when)
    require_approval(change)
    change = change._replace(notes=(*change.notes, admission.note))
    if dry_run:
        return preview_change(store, change)
    return describe_rollout(roll_out(store, change, wait, push, revert=True))

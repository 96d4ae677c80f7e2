"""Put a version into an environment, verified before anybody is decided by it"""

import argparse

from credit.common.cli import Answer

EXAMPLE = "release deploy v1.2.0 --env prod --reason 'passed staging'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version goes where, and why."""
    from release.commands.options import add_dry_run, add_environment, add_push, add_reason, add_wait

    parser.add_argument("version", metavar="VERSION", help="a registered version, such as v1.2.0")
    add_environment(parser)
    add_reason(parser)
    add_wait(parser)
    add_push(parser)
    add_dry_run(parser)


def run(args: argparse.Namespace) -> Answer:
    """Publish if needed, verify, write the ledger, wait for the services; put back if they stay away."""
    from credit.registry.ledger import Ledger
    from credit.registry.names import parse_version
    from credit.registry.store import open_store
    from release.deployment.plan import Attribution, plan_deployment
    from release.deployment.rollout import roll_out
    from release.deployment.service_client import read_addresses
    from release.deployment.wording import describe_change, describe_rollout
    from release.registration.publish import find_published, publish_version
    from release.repository.git import find_actor

    read_addresses()  # before anything is made: a deploy that nobody can wait for is none
    store, version = open_store(), parse_version(args.version)
    record = find_published(store, version)
    if record is None and args.dry_run:
        text = f"would publish {version} to {store.url} and deploy it to {args.env}"
        return Answer({"dry_run": True, "version": str(version), "publish": True}, text)
    if record is None:
        record, _ = publish_version(store, version, find_actor())
    change = plan_deployment(Ledger(store, args.env), record, Attribution(args.reason, find_actor()))
    if args.dry_run:
        return describe_change(change)
    return describe_rollout(roll_out(store, change, args.wait, args.push, revert=True))

"""Put a version into an environment, verified before anybody is decided by it"""

import argparse

from credit.common.cli import Answer

EXAMPLE = "release deploy v1.2.0 --env prod --reason 'passed staging'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version goes where, and why."""
    from release.commands.options import add_dry_run, add_environment, add_push, add_wait, add_why

    parser.add_argument("version", metavar="VERSION", help="a registered version, such as v1.2.0")
    add_environment(parser)
    add_why(parser)
    add_wait(parser)
    add_push(parser)
    add_dry_run(parser)


def run(args: argparse.Namespace) -> Answer:
    """Publish if needed, verify, write the ledger, wait for the services; put back if they stay away."""
    from credit.registry.ledger import Ledger
    from credit.registry.names import version_of
    from credit.registry.store import store_in_use
    from release.deployment import plan, service_client
    from release.deployment.rollout import carry_out, would
    from release.registration.publish import in_store, publish
    from release.repository.git import actor

    service_client.addresses()  # before anything is made: a deploy that nobody can wait for is none
    store, version = store_in_use(), version_of(args.version)
    record = in_store(store, version)
    if record is None and args.dry_run:
        text = f"would publish {version} to {store.url} and deploy it to {args.env}"
        return Answer({"dry_run": True, "version": str(version), "publish": True}, text)
    if record is None:
        record, _ = publish(store, version, actor())
    change = plan.deployment(Ledger(store, args.env), record, plan.Why(args.reason, actor()))
    if args.dry_run:
        return would(change)
    return carry_out(store, change, args)

"""Return to the version before, to one by name, or to the rule; needs the store only"""

import argparse

from credit.common.cli import Answer

EXAMPLE = """release rollback --env prod --reason 'turns away people without a degree'
  release rollback --env prod --to v1.1.0 --reason '...'
  release rollback --env prod --to rule --reason 'nobody knows what it does'"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where, to what, and why."""
    from release.commands.options import add_dry_run, add_environment, add_push, add_wait, add_why

    add_environment(parser)
    add_why(parser)
    parser.add_argument(
        "--to",
        metavar="VERSION|rule",
        help="a version that was published; or `rule`: the rule decides at once, beside whatever is live. By default "
        "the last version that was live before this one and was not itself rolled back from",
    )
    add_wait(parser)
    add_push(parser)
    add_dry_run(parser)


def run(args: argparse.Namespace) -> Answer:
    """Find what to return to, verify it, and write the ledger."""
    from credit.registry import versions
    from credit.registry.ledger import Ledger
    from credit.registry.store import store_in_use
    from release.deployment import plan
    from release.deployment.rollout import carry_out, would
    from release.repository.git import actor

    store = store_in_use()
    ledger, why = Ledger(store, args.env), plan.Why(args.reason, actor())
    if args.to is None:
        change = plan.rollback(ledger, why)
    elif args.to == plan.RULE:
        change = plan.fallback(ledger, why)
    else:
        change = plan.rollback_to(ledger, versions.required(store, args.to), why)
    if args.dry_run:
        return would(change)
    return carry_out(store, change, args)

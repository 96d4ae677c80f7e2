"""Deploy the bundle of the working tree to an empty store on this disk, to have something to serve before a release."""

import os
from pathlib import Path

import click

from credit.common import cli
from credit.common.errors import CreditError, Problem, run_command
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import UNREGISTERED, parse_version
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment
from release.repository.dvc_outputs import BUNDLE_PATH
from release.repository.git import find_actor, is_in_repository, resolve_commit
from release.repository.store_identity import require_identity

_FIRST_REASON = "The first version of this folder, to try; release register makes a version that can be traced"


def deploy_working_tree(store: Store, environment: str, bundle: Path) -> LedgerEntry | None:
    """Publish and deploy a bundle as the first version; None when something is live already.

    Raises CreditError for a store that others use: only a release puts a version live there.
    """
    ledger = Ledger(store, environment)
    if ledger.find_last_number():
        return None
    if store.folder is None:
        found = f"nothing was ever deployed to {environment}"
        raise CreditError(Problem(f"the store {store.url}", found, fix="release deploy puts a version there"))
    if not bundle.is_dir():
        raise CreditError(Problem(str(bundle), "no such folder", fix="run make repro"))
    require_identity(store)
    commit = resolve_commit("HEAD") if is_in_repository() else "0" * 40
    record, _ = versions.publish_bundle(store, parse_version(UNREGISTERED), bundle, commit, find_actor())
    return apply_change(store, plan_deployment(ledger, record, Attribution(_FIRST_REASON, find_actor())))


@click.command(cls=cli.Command, help=__doc__, epilog="Run by `make serve`.")
def run() -> None:
    """Deploy to SERVICE_ENVIRONMENT, and print a line if anything changed."""
    store, environment = open_store(make=True), os.environ.get("SERVICE_ENVIRONMENT") or "prod"
    if entry := deploy_working_tree(store, environment, Path(BUNDLE_PATH)):
        print(f"{environment}: nothing -> {entry.version}, which is {BUNDLE_PATH} as it is here, in {store.url}")


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m release.deployment.unreleased"))

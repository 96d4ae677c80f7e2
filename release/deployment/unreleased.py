"""Something to serve where nothing was released yet: the bundle of the working tree, in an empty store on this disk."""

import os
from pathlib import Path

from credit.common.errors import CreditError, Problem, run
from credit.registry import versions
from credit.registry.ledger import Entry, Ledger
from credit.registry.names import UNREGISTERED, version_of
from credit.registry.store import Store, store_in_use
from release.deployment.plan import Why, apply, deployment
from release.repository.dvc_outputs import BUNDLE
from release.repository.git import actor, commit_of, in_repository

_REASON = "The first version of this folder, to try; release register makes a version that can be traced"


def first(store: Store, environment: str, bundle: Path) -> Entry | None:
    """Publish and deploy a bundle as the first version; None when something is live already.

    Raises CreditError for a store that others use: what is live there is decided by a release.
    """
    ledger = Ledger(store, environment)
    if ledger.length():
        return None
    if store.folder is None:
        found = f"nothing that was ever deployed to {environment}"
        raise CreditError(Problem(f"the store {store.url}", found, "a live version", "release deploy puts one there"))
    if not bundle.is_dir():
        raise CreditError(Problem(str(bundle), "no such folder", "the bundle of a pipeline that ran", "run make repro"))
    commit = commit_of("HEAD") if in_repository() else "0" * 40
    record, _ = versions.publish(store, version_of(UNREGISTERED), bundle, commit, actor())
    return apply(store, deployment(ledger, record, Why(_REASON, actor())))


def main() -> None:
    """Say what was done, if anything."""
    store, environment = store_in_use(), os.environ.get("SERVICE_ENVIRONMENT") or "prod"
    if entry := first(store, environment, Path(BUNDLE)):
        print(f"{environment}: nothing -> {entry.version}, which is {BUNDLE} as it is here, in {store.url}")


if __name__ == "__main__":
    run(main)

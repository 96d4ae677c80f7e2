"""What people type for a version: v1.2.0, a tag, a commit, `workspace`, or an environment for its last change."""

import re

from credit.common.errors import CreditError, Problem
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from credit.registry.names import ENVIRONMENTS
from release.compare.sides import Sides
from release.repository.git import resolve_commit, run_git
from release.repository.revision import Revision, resolve_revisions

WORKSPACE = "workspace"


def resolve_versions(good: str, bad: str | None) -> Sides[Revision]:
    """Resolve both sides; left out, the bad one is the working tree, by the name of its commit where it has no changes.

    Raises CreditError for a version that git does not know.
    """
    if bad is None and good in ENVIRONMENTS:
        return _resolve_sides(*_find_last_two(good))
    return _resolve_sides(good, bad or (WORKSPACE if run_git("status", "--porcelain") else resolve_commit("HEAD")))


def _resolve_sides(good: str, bad: str) -> Sides[Revision]:
    if good == WORKSPACE:
        raise CreditError(Problem("GOOD", "the working tree", "a version or a commit", "git commit, or git stash"))
    base, head = resolve_revisions(good, None if bad == WORKSPACE else bad, merge_base=False)
    return Sides(Revision(_shorten(good), base.commit), Revision(_shorten(bad), head.commit))


def _shorten(name: str) -> str:
    return name[:10] if re.fullmatch("[0-9a-f]{40}", name) else name


def _find_last_two(environment: str) -> tuple[str, str]:
    """Find the version that was live before, and the one that is live."""
    ledger = Ledger(open_store(), environment)
    entries = list(ledger.iterate_valid_entries())
    versions = [entry.version for entry in entries]
    live = versions[0] if versions else None
    before = next((version for version in versions if version != live), None)
    if live is None or before is None:
        found = "nothing was deployed yet" if live is None else f"only {live} was ever live"
        raise CreditError(
            Problem(f"environment {environment}", found, "two versions", "name them: release blame GOOD BAD")
        )
    return before, live

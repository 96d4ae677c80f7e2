"""Make room without dropping anything that a version needs."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.errors import CreditError, Problem
from credit.registry import published
from credit.registry.names import ARTIFACT
from credit.registry.store import Store
from release.git import git, has_origin
from release.tags import read_registry


class Unneeded(NamedTuple):
    """Digests of bundles in the store that no version names: what publishes that were killed left behind."""

    digests: list[str]
    kept: list[str]


def refuse_if_blind() -> None:
    """Raise CreditError unless every tag is known here: what a tag needs is only known to who has the tag."""
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise CreditError(Problem("this clone", "a shallow one", "one with all tags", "git fetch --unshallow --tags"))
    if not has_origin():
        return
    lines = git("ls-remote", "--tags", "origin", f"refs/tags/{ARTIFACT}*").splitlines()
    there = {line.partition("refs/tags/")[2] for line in lines if not line.endswith("^{}")}
    registry = read_registry()
    here = {tag.name for tag in registry.versions.values()} | {event.tag.name for event in registry.events}
    if missing := sorted(there - here - set(registry.lightweight)):
        found = f"no {', '.join(missing[:3])}" + (" and more" if len(missing) > 3 else "")
        raise CreditError(Problem("git tags", found, "every tag of origin", "git fetch --force --tags"))


GRACE = timedelta(hours=1)
"""How long a bundle without a version is left alone: somebody may be publishing it right now."""


def unneeded(store: Store, grace: timedelta = GRACE) -> Unneeded:
    """What no version in the store names. Raises CreditError when a record cannot be read: it may name anything."""
    before = datetime.now(UTC) - grace
    records = [published.find(store, version) for version in published.versions(store)]
    needed = {record.digest for record in records if record}
    folders, _ = store.listed("bundles")
    dropped = [name for name in folders if name not in needed and _older(store, name, before)]
    return Unneeded(dropped, [name for name in folders if name not in dropped])


def _older(store: Store, digest: str, moment: datetime) -> bool:
    touched = store.touched(f"bundles/{digest}")
    return touched is not None and touched < moment

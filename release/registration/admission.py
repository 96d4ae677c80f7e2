"""Decide whether a version may be deployed: a tag names it, main has it, and main's judge lets it through."""

from typing import NamedTuple

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry.ledger import Ledger
from credit.registry.names import Version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.judge.committed import judge_commit
from release.registration.publish import find_published, publish_version, pull_tagged_bundle
from release.repository.git import has_origin, is_in_repository, run_git
from release.repository.store_identity import require_identity
from release.repository.tags import Tag, find_tag_at_origin, read_registry, require_tag


class Admission(NamedTuple):
    """A version that may be deployed: its record, None before it is published, and who said that it may."""

    version: Version
    record: VersionRecord | None
    note: str


def admit_version(ledger: Ledger, version: Version) -> Admission:
    """Check a version before it is deployed. Raises CreditError with everything that stands against it.

    Without git nothing but the store's record can be asked. A version that was live here before was admitted then.
    """
    require_identity(ledger.store)
    record = find_published(ledger.store, version)
    if record is not None and not is_in_repository():
        return Admission(version, record, "no git here: neither its tag nor main's judge was asked")
    tag = require_tag(read_registry(), version)
    require_same_tag_at_origin(tag)
    if record is not None and ledger.find_last_of(record.version, record.digest) is not None:
        return Admission(version, record, f"{version} was live in {ledger.environment} before, and is not judged again")
    found = judge_commit(tag.commit, tag.name, record.candidate if record else None)
    raise_if_any(list(found.problems))
    passed = f"{tag.name} is on main, and main's judge lets it through"
    return Admission(version, record, "; ".join([passed, *found.notes]))


def publish_admitted(store: Store, admission: Admission, actor: str) -> VersionRecord:
    """Publish an admitted version unless it is published; returns its record."""
    return admission.record or publish_version(store, admission.version, actor)[0]


def try_publication(version: Version) -> str:
    """Load the bundle that would be published, and score its examples; returns its digest."""
    with pull_tagged_bundle(version) as (_, folder):
        bundle = load_bundle(folder)
        check_examples(bundle, folder)
        return bundle.manifest.digest


def require_same_tag_at_origin(tag: Tag) -> None:
    """Require that origin, where there is one, has no other tag of this name.

    Compared by hash: a lost push leaves a tag here under the winner's name.
    """
    if not has_origin():
        return
    there, here = find_tag_at_origin(tag.name), run_git("rev-parse", f"refs/tags/{tag.name}").strip()
    if there is not None and there != here:
        fix = f"git fetch --force origin tag {tag.name} brings that one"
        raise CreditError(Problem(f"git tag {tag.name}", f"{here[:10]} here", f"{there[:10]}, origin's", fix))

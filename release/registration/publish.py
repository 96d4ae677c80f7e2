"""Publish the bundle of a tag into the store, and find published versions."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.bundle.manifest import verify_bundle
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry import versions
from credit.registry.names import Version
from credit.registry.signatures import store_signature
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.registration.provenance import check_origin, find_envelope
from release.repository.dvc_outputs import pull_bundle
from release.repository.git import is_in_repository
from release.repository.store_identity import require_identity
from release.repository.tags import Tag, read_registry, require_tag

_DIGEST_LINE = re.compile(r"^digest: ([0-9a-f]{64})$", re.MULTILINE)


def publish_version(store: Store, version: Version, actor: str) -> tuple[VersionRecord, bool]:
    """Put the bundle of a tag into the store; returns its record, and whether anything was written."""
    require_identity(store)
    with pull_tagged_bundle(version) as (tag, folder):
        digest = verify_bundle(folder).digest
        raise_if_any(check_origin(store, version, tag, digest, versions.find_version(store, version)))
        if signature := find_envelope(tag):
            store_signature(store, version, signature)  # before the record, which makes the version visible
        return versions.publish_bundle(store, version, folder, tag.commit, actor)


@contextmanager
def pull_tagged_bundle(version: Version) -> Iterator[tuple[Tag, Path]]:
    """Pull the bundle of a version's tag from DVC. Raises CreditError unless it is the one that the tag says."""
    tag = require_tag(read_registry(), version)
    with pull_bundle(tag.commit) as folder:
        digest, tagged = verify_bundle(folder).digest, parse_digest(tag)
        if tagged is not None and tagged != digest:
            found = f"a bundle with digest {digest[:12]}"
            raise CreditError(Problem(f"DVC at {tag.name}", found, f"{tagged[:12]}, which the tag says"))
        yield tag, folder


def find_published(store: Store, version: Version) -> VersionRecord | None:
    """Find the record of a version in the store; None when it is not published.

    Raises CreditError when the tags here withdraw it, say another digest or do not prove where it comes from; where
    there is no git, nothing says so.
    """
    record = versions.find_version(store, version)
    if not is_in_repository():
        return record
    registry = read_registry()
    if version in registry.withdrawn:
        raise CreditError(Problem(f"git tag {version.tag}", "is withdrawn", fix="name another version"))
    tag = registry.versions.get(version)
    tagged = parse_digest(tag) if tag else None
    if record and tagged is not None and tagged != record.digest:
        fix = "one of them was made elsewhere or changed; release show tells who published it, git show who tagged it"
        expected = f"{tagged[:12]}, which git tag {version.tag} says"
        raise CreditError(Problem(f"{store.url}: {version}", f"digest {record.digest[:12]}", expected, fix))
    if record:
        raise_if_any(check_origin(store, version, require_tag(registry, version), record.digest, record))
    return record


def parse_digest(tag: Tag) -> str | None:
    """Parse the digest of the bundle from its tag; None when the tag was not made by `release register`."""
    found = _DIGEST_LINE.findall(tag.message)
    return found[-1] if found else None  # the last: a person's message may have such a line too

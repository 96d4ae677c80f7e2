"""From a commit to a version: the tag, through GTO, and the bundle of a tag into the store."""

import re

from credit.bundle.manifest import verified
from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.names import ARTIFACT, Version
from credit.registry.store import Store
from credit.registry.versions import Published
from release.registration.checks import Checked
from release.repository.dvc_outputs import bundle_at
from release.repository.git import in_repository
from release.repository.tags import Tag, read_registry, required_tag

_DIGEST = re.compile(r"^digest: ([0-9a-f]{64})$", re.MULTILINE)


def register(version: Version, checked: Checked, message: str) -> None:
    """Tag a commit that was checked, with the digest of its bundle. Raises CreditError when GTO refuses."""
    from gto.api import register as gto_register
    from gto.exceptions import GTOException

    said = f"{message.strip()}\n\ndigest: {checked.digest}\n"
    try:
        gto_register(".", ARTIFACT, checked.commit, version=str(version), message=said, stdout=False)
    except GTOException as error:
        raise CreditError(Problem(f"git tag {version.tag}", str(error), "a new version")) from None


def publish(store: Store, version: Version, actor: str) -> tuple[Published, bool]:
    """Put the bundle of a tag into the store; its record, and whether anything was written."""
    tag = required_tag(read_registry(), version)
    with bundle_at(tag.commit) as folder:
        digest = verified(folder).digest
        said = digest_in(tag)
        if said is not None and said != digest:
            found = f"a bundle with digest {digest[:12]}"
            raise CreditError(Problem(f"DVC at {tag.name}", found, f"{said[:12]}, which the tag says"))
        return versions.publish(store, version, folder, tag.commit, actor)


def in_store(store: Store, version: Version) -> Published | None:
    """The record of a version in the store; None when it is not published.

    Raises CreditError when the tags here withdraw it or say another digest; where there is no git, nothing says so.
    """
    record = versions.find(store, version)
    if not in_repository():
        return record
    registry = read_registry()
    if version in registry.withdrawn:
        raise CreditError(Problem(f"git tag {version.tag}", "a withdrawal of it", "a version that stands"))
    tag = registry.versions.get(version)
    said = digest_in(tag) if tag else None
    if record and said is not None and said != record.digest:
        mend = "one of them was made elsewhere or changed; release show tells who published it, git show who tagged it"
        expected = f"{said[:12]}, which git tag {version.tag} says"
        raise CreditError(Problem(f"{store.url}: {version}", f"digest {record.digest[:12]}", expected, mend))
    return record


def digest_in(tag: Tag) -> str | None:
    """The digest of the bundle as the tag says it; None when the tag was not made by `release register`."""
    found = _DIGEST.findall(tag.message)
    return found[-1] if found else None  # the last: a person's message may have such a line too

"""Sign a version from before there were keys, or with a new key

The statement goes beside the version in the store. It says that this command checked the version, not that the pipeline
ran again for it."""

import click

from credit.bundle.manifest import verify_bundle
from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.names import parse_version
from credit.registry.signatures import store_signature
from release.commands.options import StoreCommand
from release.registration.provenance import KEYS_FOLDER, check_origin, sign_version
from release.registration.publish import parse_digest
from release.repository.tags import read_registry, require_tag


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release sign v1.0.0")
@click.argument("version", help="a registered and published version")
def run(version: str) -> Answer:
    """Sign a published version whose bundle is whole and which only lacks a signature."""
    store, wanted = open_store(), parse_version(version)
    tag, record = require_tag(read_registry(), wanted), versions.require_version(store, version)
    with versions.fetch_temporarily(store, record) as folder:
        digest = verify_bundle(folder).digest
    if parse_digest(tag) not in (None, digest):
        raise CreditError(Problem(f"{store.url}: {wanted}", f"digest {digest[:12]}", f"that of git tag {tag.name}"))
    signature = sign_version(wanted, tag.commit, digest, from_source=False)
    if signature is None:
        fix = "release key makes a pair"
        raise CreditError(Problem(f"{KEYS_FOLDER}/ on main", "no key that a signature could be checked by", fix=fix))
    store_signature(store, wanted, signature)
    raise_if_any(check_origin(store, wanted, tag, digest, record))
    text = f"{wanted} is signed: {store.url}, digest {digest[:12]}\nnext:  release verify {wanted}"
    return Answer({"version": str(wanted), "digest": digest, "store": store.url}, text)

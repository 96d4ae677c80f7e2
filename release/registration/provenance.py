"""The origin of a version: a signed statement of its bundle, its commit and how it was made, and what contradicts it.

The statement is an in-toto statement with SLSA's provenance. It lies in the message of the version's tag, so that a tag
that is pushed by hand has none, and one that is moved or made again contradicts its own; and in the store.
"""

import base64
import os
import re
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from credit.common.errors import CreditError, Problem
from credit.registry.names import Version
from credit.registry.signatures import (
    list_signatures,
    load_private_key,
    load_public_key,
    name_key,
    open_envelope,
    seal_payload,
)
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.registration.statement import Resource, Statement, build_statement
from release.repository.main_branch import find_main, read_files_of_main, require_merged
from release.repository.tags import Tag

KEYS_FOLDER = "keys"
"""The public keys that count, one `*.pub` each, as main has them."""

KEY_VARIABLE = "RELEASE_SIGNING_KEY"
"""The private key as PEM, or the path of its file."""

_SIGNATURE_LINE = re.compile(r"^signature: (\S+)$", re.MULTILINE)


def load_signing_key() -> Ed25519PrivateKey | None:
    """Load the private key of RELEASE_SIGNING_KEY; None when it is not set. Raises CreditError when it is no key."""
    value = os.environ.get(KEY_VARIABLE, "").strip()
    if not value:
        return None
    if value.startswith("-----BEGIN"):
        return load_private_key(value, KEY_VARIABLE)
    try:
        return load_private_key(Path(value).read_text(encoding="utf-8"), value)
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "not text"
        raise CreditError(Problem(f"{KEY_VARIABLE}: {value[:200]!r}", found, "a key as PEM, or its file")) from None


def load_trusted_keys() -> dict[str, Ed25519PublicKey]:
    """Load the public keys that count, by name: those of main, whatever this checkout added."""
    keys = [load_public_key(text, f"{path} on main") for path, text in read_files_of_main(KEYS_FOLDER, ".pub")]
    return {name_key(key): key for key in keys}


def sign_version(version: Version, commit: str, digest: str, from_source: bool) -> bytes | None:
    """Sign a version; None where no key is set and none is asked for. Raises CreditError when main would refuse it."""
    private, trusted = load_signing_key(), load_trusted_keys()
    if private is None and not trusted:
        return None
    expected = f"the private key of one in {KEYS_FOLDER}/ on {find_main().name}: {', '.join(trusted) or 'none'}"
    if private is None:
        raise CreditError(Problem(KEY_VARIABLE, "not set", expected, "the workflow register has it"))
    if (name := name_key(private.public_key())) not in trusted:
        fix = f"commit its *.pub to {KEYS_FOLDER}/ and merge that first"
        raise CreditError(Problem(KEY_VARIABLE, f"key {name}", expected, fix))
    return seal_payload(build_statement(version, commit, digest, from_source).serialize(), private)


def find_envelope(tag: Tag) -> bytes | None:
    """Find the signed statement in the message of a version's tag; None when it has none."""
    found: list[str] = _SIGNATURE_LINE.findall(tag.message)
    try:
        return base64.b64decode(found[-1], validate=True) if found else None  # the last: a person may write one too
    except Base64Error:
        return found[-1].encode()  # no envelope, as will be said


def format_signature(envelope: bytes) -> str:
    """Format a signed statement as the line of a tag's message."""
    return f"signature: {base64.b64encode(envelope).decode()}"


def check_origin(store: Store, version: Version, tag: Tag, digest: str, record: VersionRecord | None) -> list[Problem]:
    """Find what contradicts that a version is one of main's: its commit, its record in the store, its signature."""
    problems: list[Problem] = []
    try:
        require_merged(tag.commit, f"git tag {tag.name}")
    except CreditError as error:
        problems += error.problems
    if record is not None and record.commit != tag.commit:
        found = f"on commit {tag.commit[:10]}: it was moved or made again"
        expected = (
            f"{record.commit[:10]}, from which {record.published_by} published it on {record.published_at:%Y-%m-%d}"
        )
        problems.append(
            Problem(f"git tag {tag.name}", found, expected, "git fetch --force --tags; register a new version")
        )
    try:
        find_statement(store, version, tag, digest)
    except CreditError as error:
        problems += error.problems
    return problems


def find_statement(store: Store, version: Version, tag: Tag, digest: str) -> Statement | None:
    """Find the statement that proves a version, signed by a key of main; None while main has no key.

    Raises CreditError when there is none, or none that is of this version, commit and bundle.
    """
    keys = load_trusted_keys()
    if not keys:
        return None
    envelopes = {f"git tag {tag.name}": find_envelope(tag)} | list_signatures(store, version)
    problems: list[Problem] = []
    for where, envelope in envelopes.items():
        if envelope is None:
            continue
        try:
            return _open_statement(
                envelope, keys, where, build_statement(version, tag.commit, digest, from_source=False)
            )
        except CreditError as error:
            problems += error.problems
    fix = "the workflow register makes signed versions; release sign signs one from before there were keys"
    raise CreditError(
        problems or [Problem(f"{version}", "not signed: made by hand, or before there were keys", fix=fix)]
    )


def _open_statement(
    envelope: bytes, keys: Mapping[str, Ed25519PublicKey], where: str, expected: Statement
) -> Statement:
    statement = Statement.parse(open_envelope(envelope, keys, f"the signature in {where}").payload, where)
    pairs: Iterable[tuple[tuple[Resource, ...], tuple[Resource, ...]]] = (
        (statement.subject, expected.subject),
        (
            statement.predicate.build_definition.resolved_dependencies,
            expected.predicate.build_definition.resolved_dependencies,
        ),
    )
    for found, wanted in pairs:
        if found != wanted:
            raise CreditError(
                Problem(f"the signature in {where}", f"it is about {_name(found)}", f"one about {_name(wanted)}")
            )
    return statement


def _name(resources: tuple[Resource, ...]) -> str:
    return ", ".join(f"{one.name} {next(iter(one.digest.values()), '')[:10]}" for one in resources) or "nothing"

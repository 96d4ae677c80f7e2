"""Signatures: a payload in a DSSE envelope, signed with Ed25519, offline and byte for byte alike each time.

A key's name is the first 16 digits of the SHA-256 of its 32 bytes. The public keys that count are files in git; the
private one is a secret of the workflow that makes versions. https://github.com/secure-systems-lab/dsse is the envelope.
"""

import base64
import hashlib
import json
from binascii import Error as Base64Error
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ConfigDict, Field, ValidationError

from credit.common.errors import CreditError, Problem
from credit.contract.frozen_model import FrozenModel
from credit.registry.names import Version, parse_version
from credit.registry.store import Store

STATEMENT_TYPE = "application/vnd.in-toto+json"
_KEY_FIX = "release key makes a pair"


class _Signature(FrozenModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    keyid: str
    sig: str


class _Envelope(FrozenModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    payload_type: str = Field(alias="payloadType")
    payload: str
    signatures: list[_Signature]


class _Subject(FrozenModel):
    name: str
    digest: dict[str, str]


class _SubjectsOnly(FrozenModel):
    """Of a statement, what it is about."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    subject: list[_Subject]


class SignedPayload(NamedTuple):
    """A payload whose signature was verified, and the name of the key that made it."""

    payload: bytes
    key: str


def make_private_key() -> str:
    """Make a private key, as PEM."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


def load_private_key(pem: str, where: str) -> Ed25519PrivateKey:
    """Load a private key from PEM. Raises CreditError, which does not show it."""
    try:
        key = serialization.load_pem_private_key(pem.strip().encode() + b"\n", None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CreditError(Problem(where, "not a private key", "an Ed25519 key as PEM", _KEY_FIX)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CreditError(Problem(where, "a key of another kind", "an Ed25519 key as PEM", _KEY_FIX))
    return key


def load_public_key(pem: str, where: str) -> Ed25519PublicKey:
    """Load a public key from PEM. Raises CreditError."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise CreditError(Problem(where, "not a public key", "an Ed25519 key as PEM", _KEY_FIX)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise CreditError(Problem(where, "a key of another kind", "an Ed25519 key as PEM", _KEY_FIX))
    return key


def serialize_public_key(key: Ed25519PublicKey) -> str:
    """Serialize a public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def name_key(key: Ed25519PublicKey) -> str:
    """Name a key by its bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def seal_payload(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """Seal a payload in an envelope of one line. The same payload and key give the same bytes."""
    signature = base64.b64encode(key.sign(_encode_for_signing(payload))).decode()
    content = {
        "payloadType": STATEMENT_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": name_key(key.public_key()), "sig": signature}],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def open_envelope(content: bytes, keys: Mapping[str, Ed25519PublicKey], where: str) -> SignedPayload:
    """Open an envelope and verify its signature by one of `keys`. Raises CreditError when none of them made it."""
    try:
        envelope = _Envelope.model_validate_json(content)
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [(one.keyid, base64.b64decode(one.sig, validate=True)) for one in envelope.signatures]
    except (ValidationError, Base64Error):
        raise CreditError(Problem(where, "not an envelope with a signature", "what release register signed")) from None
    if envelope.payload_type != STATEMENT_TYPE:
        raise CreditError(Problem(where, f"a payload of type {envelope.payload_type!r}", STATEMENT_TYPE))
    known = [(name, signature) for name, signature in signatures if name in keys]
    for name, signature in known:
        try:
            keys[name].verify(signature, _encode_for_signing(payload))
        except InvalidSignature:
            continue
        return SignedPayload(payload, name)
    if known:
        raise CreditError(Problem(where, f"a signature that key {known[0][0]} did not make: it was changed"))
    named = ", ".join(name for name, _ in signatures) or "no key"
    raise CreditError(Problem(where, f"signed by {named}", f"a key of keys/ on main: {', '.join(keys) or 'none'}"))


def store_signature(store: Store, version: Version, signature: bytes) -> None:
    """Put a signed statement beside a version; a version may have several, of other keys or other makers."""
    store.create(f"signatures/{version}/{hashlib.sha256(signature).hexdigest()}.json", signature)


def list_signatures(store: Store, version: Version) -> dict[str, bytes]:
    """List the signed statements beside a version, by their address."""
    below = f"signatures/{version}"
    _, names = store.list_children(below)
    return {f"{store.url}/{below}/{name}": store.read(f"{below}/{name}") or b"" for name in names}


def require_signature(store: Store, version: str, digest: str, keys: Path) -> None:
    """Require that a key of the folder `keys` signed that a version is the bundle with this digest.

    Raises CreditError with the reason of each signature that does not prove it.
    """
    found = [load_public_key(path.read_text(encoding="utf-8"), str(path)) for path in sorted(keys.glob("*.pub"))]
    trusted, wanted = {name_key(key): key for key in found}, parse_version(version)
    problems = []
    for where, envelope in list_signatures(store, wanted).items():
        try:
            payload = open_envelope(envelope, trusted, where).payload
            subjects = _SubjectsOnly.model_validate_json(payload).subject
        except (CreditError, ValidationError) as error:
            problems += error.problems if isinstance(error, CreditError) else [Problem(where, "a statement of nothing")]
            continue
        if any(one.name == wanted.tag and one.digest.get("sha256") == digest for one in subjects):
            return
        problems.append(Problem(where, "a signature of another version", f"of {version}, digest {digest[:12]}"))
    fix = "release register signs new versions, release sign those from before"
    raise CreditError(problems or [Problem(f"{store.url}: {version}", f"not signed by a key of {keys}", fix=fix)])


def _encode_for_signing(payload: bytes) -> bytes:
    """Encode type and payload with their lengths, as DSSE signs them."""
    kind = STATEMENT_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)

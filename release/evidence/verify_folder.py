"""Verify a folder of evidence: python3 verify.py [--key FILE.pub]. Needs Python 3.8 and nothing else, no network.

Compares every file with index.json, and the signatures of the index and of the version with the public keys: those that
are given by --key, else those in the folder, whose names you compare with what the lender gave you another way. Exit
code 0: all of it is whole and signed; 1: it is not.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # this folder, where Python looks first: a json.py that somebody put here would speak for this

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, Iterator, Mapping, Tuple  # noqa: UP035 - an examiner's Python may be old

Point = Tuple[int, int]  # noqa: UP006

# Ed25519 as in RFC 8032, section 5.1.7. Verifying reads nothing secret, so it need not take the same time each time.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int | None:
    """Recover a point's x from its y; None when there is no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def decode_point(data: bytes) -> Point | None:
    """Decode 32 bytes to a point; None when they are none."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = recover_x(y, sign)
    return None if x is None else (x, y)


def add_points(first: Point, second: Point) -> Point:
    """Add two points of the curve."""
    (a, b), (c, d) = first, second
    product = D * a * b * c * d % P
    x = (a * d + c * b) * pow(1 + product, -1, P) % P
    return x, (b * d + a * c) * pow(1 - product, -1, P) % P


def multiply_point(number: int, point: Point) -> Point:
    """Multiply a point by a number."""
    result = (0, 1)
    while number:
        if number & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        number >>= 1
    return result


BASE_Y = 4 * pow(5, -1, P) % P
BASE = (recover_x(BASE_Y, 0) or 0, BASE_Y)


def verify_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the private half of a public key of 32 bytes made a signature."""
    if len(signature) != 64 or len(key) != 32:
        return False
    point, commitment = decode_point(key), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return multiply_point(scalar, BASE) == add_points(commitment, multiply_point(challenge, point))


def read_key(path: Path) -> bytes:
    """Read the 32 bytes of a public key from its PEM file."""
    lines = path.read_text().split("-----")
    return base64.b64decode("".join(lines[2].split()))[-32:] if len(lines) > 2 else b""


def name_key(key: bytes) -> str:
    """Name a key by its bytes."""
    return hashlib.sha256(key).hexdigest()[:16]


def open_envelope(path: Path, keys: Mapping[str, bytes]) -> tuple[Any, str | None]:
    """Open a signed statement; return it, and the name of the key, None when no key made it."""
    envelope = json.loads(path.read_text())
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    for one in envelope["signatures"]:
        for name, key in keys.items():
            if verify_signature(key, message, base64.b64decode(one["sig"])):
                return json.loads(payload), name
    return json.loads(payload), None


def list_files(folder: Path) -> set[str]:
    """List the names of the files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


def check_files(folder: Path, index: Any) -> Iterator[str]:
    """Compare every file with the index."""
    own = {"index.json", "index.dsse.json"}
    for name in sorted(list_files(folder) - set(index["files"]) - own):
        yield f"{name}: not in index.json"
    for name, expected in index["files"].items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            yield f"{name}: no such file"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            yield f"{name}: was changed"


def check_statement(folder: Path, name: str, keys: Mapping[str, bytes], subject: str, digest: str) -> Iterator[str]:
    """Check that a statement is signed, and about this content; yields what is wrong, and prints what is right."""
    path = folder / name
    if not path.is_file():
        yield f"{subject}: not signed ({name}: no such file)"
        return
    try:
        statement, key = open_envelope(path, keys)
        about = {one["name"]: one["digest"].get("sha256") for one in statement["subject"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{name}: not a signed statement"
        return
    if key is None:
        yield f"{name}: signed by none of the keys {', '.join(keys) or '(there are none)'}"
    elif about.get(subject) != digest:
        yield f"{name}: it is not about {subject} as it is here"
    else:
        print(f"{subject}: signed by key {key}")


def main(arguments: list[str]) -> int:
    """Verify the folder that this file is in; return the exit code."""
    folder = Path(__file__).resolve().parent
    given = [Path(arguments[place + 1]) for place, word in enumerate(arguments[:-1]) if word == "--key"]
    keys = [read_key(path) for path in given or sorted((folder / "supply-chain/keys").glob("*.pub"))]
    named = {name_key(key): key for key in keys}
    content = (folder / "index.json").read_bytes()
    index = json.loads(content)
    problems = list(check_files(folder, index))
    problems += check_statement(folder, "index.dsse.json", named, "index.json", hashlib.sha256(content).hexdigest())
    problems += check_statement(folder, "supply-chain/version.dsse.json", named, index["tag"], index["digest"])
    for problem in problems:
        print(f"error: {problem}")
    print(f"{len(index['files'])} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

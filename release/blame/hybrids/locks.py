"""The locked libraries of a version: which they are, and whether they are the ones installed here."""

import re
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import InvalidRequirement, Requirement

from credit.common.errors import CreditError, Problem
from credit.reports.base import Snapshot
from release.compare.sides import Sides

LIBRARY_FILES = ("requirements.lock",)

_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_OPTIONS = re.compile(r"\s--?[a-z].*$")
"""Of a requirement, as its hashes."""


def read_lock(revision: Snapshot) -> str:
    """Read the lock of a version without comments: two of the same text lock the same. Empty where there is none."""
    return strip_lock("\n".join(revision.read_text(file) or "" for file in LIBRARY_FILES))


def strip_lock(text: str) -> str:
    """Take comments, blank lines and line breaks within a requirement out of a lock."""
    joined = re.sub(r"\\\r?\n\s*", " ", _COMMENT.sub("", text))
    return "\n".join(line for line in (" ".join(one.split()) for one in joined.splitlines()) if line)


def read_pins(lock: str) -> dict[str, str]:
    """Read the version of each library that this system needs, by its name. Raises CreditError for what is no lock."""
    pins = {}
    for line in lock.splitlines():
        if line.startswith("-"):  # an option, such as --index-url
            continue
        try:
            one = Requirement(_OPTIONS.sub("", line))
        except InvalidRequirement:
            found, expected = f"the line {line[:80]!r}", "a library with its version"
            raise CreditError(Problem(LIBRARY_FILES[0], found, expected)) from None
        if one.marker is None or one.marker.evaluate():
            pins[one.name] = str(one.specifier).removeprefix("==") or str(one.url)
    return pins


def is_installed(lock: str) -> bool:
    """Tell whether this system has what a lock says; other libraries may be here too."""
    try:
        pins = read_pins(lock)
    except CreditError:
        return False
    return bool(pins) and all(_find_version(name) == locked for name, locked in pins.items())


def _find_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def describe_changes(locks: Sides[str]) -> list[str]:
    """Describe the libraries that differ, as `numpy 2.4.5 → 2.4.6`; a lock that cannot be read counts as empty."""
    before, after = locks.map(_read_known_pins)
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    changes = [f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names]
    return changes or ["the same versions, from other files"]


def _read_known_pins(lock: str) -> dict[str, str]:
    try:
        return read_pins(lock)
    except CreditError:
        return {}

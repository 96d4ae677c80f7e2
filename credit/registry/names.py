"""Names in git, in the store and in commands: the artifact, its versions, the environments."""

import re
from typing import NamedTuple

from credit.common.errors import CreditError, Problem

ARTIFACT = "credit-model"
"""As in dvc.yaml, under `artifacts`."""

ENVIRONMENTS = ("staging", "prod")
"""Where a version can be live. A name that is not here is a misspelling, not a new environment. At most 16 characters:
the decision log has no room for more."""

UNREGISTERED = "v0.0.0"
"""What is served of a working tree before any version was registered; it has no tag and never gets one."""

_VERSION_PATTERN = re.compile(r"v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)


class Version(NamedTuple):
    """A semantic version; sorts as such."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    @property
    def tag(self) -> str:
        """The git tag that registers the version, in GTO's notation."""
        return f"{ARTIFACT}@{self}"

    def bump(self, part: str) -> "Version":
        """Raise one part of the version; `part`: major, minor or patch."""
        major, minor, patch = self
        if part == "major":
            return Version(major + 1, 0, 0)
        return Version(major, minor + 1, 0) if part == "minor" else Version(major, minor, patch + 1)


def match_version(text: str) -> Version | None:
    """Match the version that a text names, such as v1.2.0, 1.2.0 or credit-model@v1.2.0; None when it names none."""
    match = _VERSION_PATTERN.fullmatch(text.removeprefix(f"{ARTIFACT}@"))
    return Version(*map(int, match.groups())) if match else None


def parse_version(text: str) -> Version:
    """Parse the version that a text names. Raises CreditError when it names none."""
    version = match_version(text)
    if version is None:
        raise CreditError(
            Problem("VERSION", repr(text[:80]), "a version such as v1.2.0", "see them with release status")
        )
    return version

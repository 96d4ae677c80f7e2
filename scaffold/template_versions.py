"""Versions of the template: tags v1.2.0 of its repository, which those of a model, <model>@v1.2.0, never meet."""

import tomllib
from pathlib import Path

from credit.common.errors import CreditError, Problem
from credit.registry.names import ARTIFACT, Version, match_version
from release.repository.git import run_git

VERSION_FILE = "pyproject.toml"
"""The one place where the template says which version it is."""

_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}
"""What only copier takes at the beginning of an address, and what it stands for."""

_KNOWN = ("git@", "git://", "git+", "https://github.com/", "https://gitlab.com/")


def expand_address(address: str) -> str:
    """Expand an address that copier takes to one that git takes."""
    short = next((one for one in _SHORT if address.startswith(one)), None)
    return address if short is None else _SHORT[short] + address.removeprefix(short)


def name_for_copier(address: str) -> str:
    """Name an address of git so that copier knows it for one: of another host it takes `.git` or `git+` for a sign."""
    is_known = address.startswith(_KNOWN) or address.endswith(".git") or (Path(address) / ".git").exists()
    return address if is_known else f"git+{address}"


def read_template_version(folder: Path) -> Version:
    """Read the version of the template in a folder. Raises CreditError for one that is no such version."""
    with (folder / VERSION_FILE).open("rb") as file:
        text = str(tomllib.load(file)["project"]["version"])
    if (version := match_version(text)) is None:
        raise CreditError(Problem(f"{VERSION_FILE}: version", text, "a version such as 1.2.0"))
    return version


def list_template_versions(address: str) -> list[Version]:
    """List the versions that the template has at an address, the newest last. Raises CreditError without an answer."""
    listed = run_git("ls-remote", "--tags", "--refs", "--", expand_address(address)).splitlines()
    names = [line.partition("refs/tags/")[2] for line in listed]
    return sorted(found for name in names if (found := match_template_tag(name)) is not None)


def match_template_tag(name: str) -> Version | None:
    """Match the version of the template that a tag names; None for any other tag, those of models among them."""
    if not name.startswith("v") or name.startswith(f"{ARTIFACT}@"):
        return None
    return match_version(name)

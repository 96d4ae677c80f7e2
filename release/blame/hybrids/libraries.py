"""Whose locked libraries are installed here: every hybrid runs with these, whichever side it is like."""

import re
from importlib.metadata import PackageNotFoundError, version

from release.blame.hybrids.factors import LIBRARY_FILES
from release.compare.sides import Sides
from release.repository.revision import Revision

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s\\;]+)", re.MULTILINE)


def find_installed_side(sides: Sides[Revision]) -> str | None:
    """Name the side whose lock is installed here, the bad one first; None where neither is."""
    for side in (sides.head, sides.base):
        pins = [pin for file in LIBRARY_FILES for pin in _PIN.findall(side.read_text(file) or "")]
        if pins and all(_is_installed(name, locked) for name, locked in pins):
            return side.name
    return None


def _is_installed(name: str, locked: str) -> bool:
    """Tell whether a locked version is the installed one; one that this system does not need counts as such."""
    try:
        return version(name) == locked
    except PackageNotFoundError:
        return True

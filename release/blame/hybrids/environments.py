"""The environments that hybrids run in: where the locked libraries differ, one for each side, made from its lock."""

import fcntl
import hashlib
import os
import shutil
import sys
import venv
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.files import write_text
from release.blame.hybrids.locks import is_installed
from release.compare.sides import Sides
from release.repository.clones import drop_secrets
from release.running.bound_commands import run_bound

_MADE = ".made"
"""Lies in an environment that is whole."""

INSTALL_OPTIONS = ("--disable-pip-version-check", "--no-input", "--no-deps", "--use-pep517", "--require-hashes")
"""As `make setup` installs; where from, pip's own settings say."""


class Environment(NamedTuple):
    """What runs a hybrid. `description`: interpreter and libraries, as others may give other figures.

    `folder`: of the environment, None for the one that this command runs in. `has_made_results`: whether the results in
    git of the good version are of these libraries. `runs`: names the cache of runs, None for DVC's own, in which a
    stage with the same inputs counts as done, whatever the libraries.
    """

    description: str
    folder: Path | None = None
    has_made_results: bool = True
    runs: str | None = None


class Environments:
    """Choose the environment of each hybrid by its lock. `locks`: of both versions, stripped; `kept`: for new ones.

    Until `separate` was called, every hybrid runs in the one that is installed here.
    """

    def __init__(self, kept: Path, locks: Sides[str]) -> None:
        self._kept, self._locks = kept, locks
        self._by_lock: dict[str, Environment] = {}

    def separate(self, side: str) -> None:
        """Make an environment of a lock, unless its libraries are installed here. Raises CreditError if it cannot."""
        own = side == self._locks.base
        if is_installed(side):
            here = describe_environment()
            self._by_lock[side] = Environment(here, None, own, hash_text(here))
            return
        key = hash_text("\n".join([sys.version, sys.platform, side]))
        self._by_lock[side] = Environment(key, make_environment(side, self._kept / key), own, key)

    def choose(self, lock: str) -> Environment:
        """Choose the environment of a hybrid by its lock."""
        here = describe_environment()
        if not self._locks.has_changed:
            return Environment(here)
        if all(one in self._by_lock for one in self._locks):
            return self._by_lock[lock]
        return Environment(here, None, False, hash_text(here))


@cache
def describe_environment() -> str:
    """Describe the interpreter and the libraries that run this command."""
    found = sorted(f"{one.metadata['Name']}=={one.version}" for one in distributions())
    return "\n".join([sys.version, sys.platform, *found])


def hash_text(text: str) -> str:
    """Hash a text to a name for a file."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def make_environment(lock: str, folder: Path) -> Path:
    """Make an environment with exactly the libraries of a lock, unless it is there; an unfinished one is made anew.

    Others who want the same one wait. Raises CreditError with pip's complaint.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / _MADE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                _install(lock, folder)
            except CreditError:
                shutil.rmtree(folder)
                raise
            (folder / _MADE).touch()
    return folder


def _install(lock: str, folder: Path) -> None:
    if find_spec("pip") is None:
        raise CreditError(Problem("pip", "is not installed here", fix="python -m ensurepip"))
    venv.EnvBuilder(symlinks=True).create(folder)
    file = folder / "requirements.lock"
    write_text(file, lock + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", *INSTALL_OPTIONS]
    done = run_bound([*command, "--quiet", "-r", str(file)], env=drop_secrets(os.environ))
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["no message"]
        raise CreditError(Problem("pip", errors[-1].removeprefix("ERROR:").strip()))

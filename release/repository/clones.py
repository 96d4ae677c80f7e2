"""Clones of this repository in temporary folders, and DVC in them.

That of one commit has an empty DVC cache, so that nothing of this one is touched or trusted; others share its cache.
"""

import configparser
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from credit.common.errors import CreditError, Problem
from credit.engine.settings import VARIABLE
from release.repository.data_sources import find_cache
from release.repository.git import run_git
from release.running.bound_commands import run_bound

_SECRET = ("SECRET", "TOKEN", "PASSWORD", "ACCESS_KEY", "CREDENTIAL", "_KEY")
_GIT_SETTINGS = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY", "GIT_CONFIG_VALUE", "GIT_CONFIG_PARAMETERS")
"""Settings of git in the environment, such as an address with a token; git refuses a part of them, so all or none."""

COMPUTED_HERE = {VARIABLE: "local"}
"""The engine of stages in a clone: the workers of a cluster do not see its folder, and a commit could name any."""

_LAST_LINES = 3
_ERROR = re.compile(r"error:|ERROR:|[\w.]*(Error|Exception)\b")
"""A line of a stage or of DVC that says why, or the last one of a traceback."""


@contextmanager
def clone_commit(commit: str) -> Iterator[Path]:
    """Clone this repository at a commit; the clone is gone when the block ends."""
    with TemporaryDirectory(prefix="release-") as temporary:
        clone = Path(temporary) / "clone"
        run_git("clone", "--quiet", "--no-checkout", "--shared", ".", str(clone))
        run_git("-C", str(clone), "checkout", "--quiet", "--detach", commit)
        yield clone


def copy_remote_config(clone: Path) -> None:
    """Let a clone use the default remote of this repository, which an old commit may not know yet."""
    from dvc.config import Config  # half a second, which --help and a version that is unknown do not need
    from dvc.repo import Repo

    with Repo() as repo:
        name = repo.config["core"].get("remote")
        remote = dict(repo.config["remote"][name]) if name else None
    if remote is None:
        raise CreditError(Problem("DVC remote", "not set", fix="dvc remote add --default storage URL"))
    config = Config(str(clone / ".dvc"))
    with config.edit("local") as local:
        local["core"]["remote"] = "proof"
        local["remote"]["proof"] = remote


def share_settings(folder: Path, other_cache: Path | None = None) -> None:
    """Give a clone the cache and the local settings of this one, so that data are here once; or another cache."""
    settings = configparser.ConfigParser(interpolation=None)
    cache, local = find_cache()
    settings.read(local, encoding="utf-8")
    if not settings.has_section("cache"):
        settings.add_section("cache")
    settings.set("cache", "dir", str(other_cache or cache))
    with (folder / ".dvc/config.local").open("w", encoding="utf-8") as file:
        settings.write(file)


def run_dvc(folder: Path, what: str, *arguments: str, environment: Path | None = None) -> None:
    """Run a command of DVC in a folder. Raises CreditError about `what` with the last lines of what failed.

    `environment`: whose Python runs the stages; DVC is that of this one. What runs ends with this process, but for
    `fetch`, which may ask for a password.
    """
    if arguments[0] == "fetch":
        command = ["dvc", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    else:
        command = [shutil.which("dvc") or "dvc", *arguments]
        done = run_bound(command, folder, drop_secrets(os.environ) | COMPUTED_HERE | _enter(environment))
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = list(filter(_ERROR.match, lines)) or lines
        errors = errors or [f"dvc {arguments[0]} failed without a word, exit code {done.returncode}"]
        raise CreditError([Problem(what, line) for line in dict.fromkeys(errors[:_LAST_LINES])])


def _enter(environment: Path | None) -> dict[str, str]:
    """Put the commands of an environment before all others, as activating it does."""
    if environment is None:
        return {}
    path = f"{environment / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "VIRTUAL_ENV": str(environment)}


def drop_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what the code of a change has no business with."""
    return {
        name: value
        for name, value in environment.items()
        if not any(part in name for part in (*_SECRET, *_GIT_SETTINGS))
    }

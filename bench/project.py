"""Temporary copies of the repository: a measure never touches the checkout, its data or its cache."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2
from typing import Any

import yaml

from bench.process import Usage, run_timed

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class ProjectCopy:
    """A copy of the repository, without data, with an environment that is installed already and a HOME of its own."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """Everything that DVC and others keep outside a repository is kept beside the copy."""
        outside = self.folder.parent
        path = f"{self.folder / '.venv/bin'}:{os.environ['PATH']}"
        return os.environ | {"HOME": str(outside), "DVC_SITE_CACHE_DIR": str(outside / "dvc"), "PATH": path}

    def run(self, *command: str) -> Usage:
        """Run a command in the copy."""
        return run_timed(command, self.folder, self.env)

    def has_param(self, dotted: str) -> bool:
        """Tell whether params.yaml has a parameter, named as `train.rows`."""
        try:
            _look_up(dotted, yaml.safe_load((self.folder / "params.yaml").read_text()))
        except KeyError:
            return False
        return True

    def set_param(self, dotted: str, value: Any) -> None:
        """Change one parameter of params.yaml, named as `fetch.scenario.rows`."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        *blocks, key = dotted.split(".")
        block = params
        for name in blocks:
            block = block[name]
        block[key] = value
        path.write_text(yaml.safe_dump(params))


@contextmanager
def copy_project() -> Iterator[ProjectCopy]:
    """Copy the working tree as it is, without files that git ignores; removed at the end."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    with tempfile.TemporaryDirectory() as outside:
        folder = Path(outside) / "copy"
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                copy2(ROOT / name, folder / name)
        (folder / ".venv").mkdir()
        for part in ("bin", "lib", "pyvenv.cfg"):
            (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
        (folder / ".venv/.installed").touch()
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        yield ProjectCopy(folder)


def read_commands(folder: Path) -> dict[str, list[str]]:
    """Read the command of every stage by DVC's name for it, such as `train@logistic`, in the order of dvc.yaml."""
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    params = yaml.safe_load((folder / "params.yaml").read_text())
    found = {}
    for name, stage in stages.items():
        [(key, items)] = stage.get("matrix", {"": [""]}).items()
        for item in _look_up(items[2:-1], params) if isinstance(items, str) else items:
            cmd = _fill_in(stage["cmd"], params | {"item": {key: item}})
            found[f"{name}@{item}" if item else name] = shlex.split(cmd)
    return found


def _fill_in(cmd: str, params: dict[str, Any]) -> str:
    """Fill in the `${...}` of a command of dvc.yaml."""

    def value(found: re.Match[str]) -> str:
        return str(_look_up(found[1], params))

    return re.sub(r"\$\{([\w.]+)\}", value, cmd)


def _look_up(dotted: str, params: dict[str, Any]) -> Any:
    """Look up one parameter, named as `train.candidates`."""
    at: Any = params
    for key in dotted.split("."):
        at = at[key]
    return at

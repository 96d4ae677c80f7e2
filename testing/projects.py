"""Copies of the repository, so that no test touches the checkout."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from testing.lenders.frozen import LENDER, OWN, ROOT, list_tracked_files
from testing.parts.servers import PATIENCE
from testing.warm.commands import ONE_CORE, find_warm_commands

PEOPLE = ("GIT_AUTHOR", "GIT_COMMITTER")


class Project:
    """A clone of the working tree as it is, with an environment that is installed already and a HOME of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "HOME": str(folder.parent / "home"),
            "PATH": f"{find_warm_commands()}:{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
            **ONE_CORE,
            "COLUMNS": "200",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"{who}_NAME": "modeler" for who in PEOPLE},
            **{f"{who}_EMAIL": "modeler@example.org" for who in PEOPLE},
        }

    def run(self, *command: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.env | env, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command: str, stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own, where Ctrl-C works even if the tests run in the background."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env | {"COLD": "1"},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def commit(self, *options: str) -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "as it is", *options)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))

    def read_results(self) -> dict[str, bytes]:
        """Read every file that the pipeline wrote."""
        folders = ("data", "models", "reports")
        files = [
            self.folder / "dvc.lock",
            *(p for name in folders for p in (self.folder / name).rglob("*") if p.is_file()),
        ]
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in files}


def clone_project(folder: Path, lender: Path | None = LENDER) -> Project:
    """Clone the repository to `folder`, the working tree committed, with the files of a lender in place of its own."""
    project = Project(folder)
    Path(project.env["HOME"]).mkdir(parents=True)
    for name, source in _list_clone_files(lender).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, folder / name)
    (folder / ".venv").mkdir()
    _link_commands(folder)
    for name in ("lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv/.installed").touch()
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.commit()
    return project


def make_once(shared: Path, prepare: Callable[[Project], None], lender: Path | None = LENDER) -> Path:
    """Clone the repository into a folder and prepare the clone, unless another process has; return the folder."""
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            shutil.rmtree(shared, ignore_errors=True)  # what a failed attempt left
            prepare(clone_project(shared / "template", lender))
            (shared / "done").touch()
    return shared


def copy_project(made: Path, folder: Path) -> Project:
    """Copy what `make_once` made, with its cache and HOME."""
    shutil.copytree(made, folder, symlinks=True)
    project = Project(folder / "template")
    _link_commands(project.folder)
    project.run("git", "update-index", "--refresh")  # else `git checkout .` writes all anew, and make installs again
    return project


def _link_commands(folder: Path) -> None:
    (folder / ".venv/bin").unlink(missing_ok=True)
    (folder / ".venv/bin").symlink_to(find_warm_commands())


def find_shared_folder(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Find the temporary folder that all processes of a run of pytest share."""
    base = factory.getbasetemp()
    return base if worker == "master" else base.parent


def shorten_pipeline(project: Project) -> None:
    """Make the pipeline of a clone quick, for tests of its mechanics: a small forest and a short search."""
    project.edit("params.yaml", "n_estimators: 300", "n_estimators: 20")
    project.edit("params.yaml", "highest: 0.95, step: 0.025}", "highest: 0.95, step: 0.05}")
    project.edit("params.yaml", "C: [0.001, 0.01, 0.1, 1]\n", "C: [0.01, 0.1]\n")
    project.edit("params.yaml", "n_estimators: [50]", "n_estimators: [10]")
    project.edit("params.yaml", "strength: [1, 2, 4]", "strength: [1, 4]")
    project.edit("params.yaml", "seeds: 3 ", "seeds: 2 ")
    project.edit("params.yaml", "partitions: 10 ", "partitions: 2 ")
    project.edit("params.yaml", "  folds: 5\n  salt: ", "  folds: 2\n  salt: ")


def _list_clone_files(lender: Path | None) -> dict[str, Path]:
    """List the files of a clone, each with its source: the lender's in place of the repository's own."""
    names = list_tracked_files()
    if lender is None:
        return {name: ROOT / name for name in names}
    kept = [name for name in names if not name.startswith(OWN) or name.endswith((".gitignore", "README.md", ".jinja"))]
    own = {str(path.relative_to(lender)): path for path in lender.rglob("*") if path.is_file()}
    return {name: ROOT / name for name in kept} | own

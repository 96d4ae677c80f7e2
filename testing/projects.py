"""Copies of the repository, so that no test touches the checkout."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEOPLE = ("GIT_AUTHOR", "GIT_COMMITTER")


class Project:
    """A clone of the working tree as it is, with an environment that is installed already and a HOME of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "HOME": str(folder.parent / "home"),
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
            "COLUMNS": "200",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"{who}_NAME": "modeler" for who in PEOPLE},
            **{f"{who}_EMAIL": "modeler@example.org" for who in PEOPLE},
        }

    def run(self, *command: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.env | env, capture_output=True, text=True, check=False, timeout=500
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command: str, stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own, where Ctrl-C works even if the tests run in the background."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env,
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


def clone_project(folder: Path) -> Project:
    """Clone the repository to `folder`, the working tree committed."""
    project = Project(folder)
    Path(project.env["HOME"]).mkdir(parents=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in filter(lambda name: (ROOT / name).is_file(), names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv/.installed").touch()
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.commit()
    return project

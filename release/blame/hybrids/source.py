"""The source of all hybrids: a clone without a checkout, in which the working tree is a commit too."""

import os
import subprocess
from pathlib import Path

from credit.common.errors import CreditError, Problem
from release.compare.sides import Sides
from release.repository.git import resolve_commit, run_git
from release.repository.revision import Revision


def clone_source(folder: Path, sides: Sides[Revision]) -> Sides[str]:
    """Clone this repository without a checkout; returns both sides as commits, which the clone has.

    A side that is the working tree becomes a commit of the clone: nothing is written here, neither index nor object.
    """
    run_git("clone", "--quiet", "--no-checkout", "--shared", ".", str(folder))
    return sides.map(lambda side: side.commit or _commit_working_tree(folder))


def _commit_working_tree(folder: Path) -> str:
    """Commit the files of the working tree, tracked or new and not ignored, in the clone."""
    top, objects = (Path(run_git("rev-parse", "--path-format=absolute", *words).strip()) for words in _PLACES)
    own = {
        "GIT_INDEX_FILE": str(folder / ".git/working-tree-index"),
        "GIT_OBJECT_DIRECTORY": str(folder / ".git/objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
        **{f"GIT_{who}_{what}": "blame" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(*words: str) -> str:
        command = ["git", "-C", str(top), *words]
        done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CreditError(Problem(f"git {words[0]}, of the working tree", done.stderr.strip()[-300:]))
        return done.stdout.strip()

    head = resolve_commit("HEAD")
    run("read-tree", head)
    run("add", "--all")
    return run("commit-tree", run("write-tree"), "-p", head, "-m", "the working tree")


_PLACES = (("--show-toplevel",), ("--git-path", "objects"))

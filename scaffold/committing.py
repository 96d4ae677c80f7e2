"""Change a repository by one commit or by none: the change is made in a clone, and comes over whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.common.errors import CreditError, Problem
from credit.common.temporary import make_temporary_folder
from release.repository.git import is_in_repository, run_git

_NOBODY = ("-c", "user.name=scaffold", "-c", "user.email=scaffold@localhost", "-c", "commit.gpgsign=false")
_SHOWN = 40


def require_clean() -> None:
    """Raise CreditError unless this is the top of a repository whose tracked files are as they were committed."""
    if not is_in_repository():
        raise CreditError(Problem("this folder", "no commit", "a clone of the project", "git init, and commit"))
    if run_git("rev-parse", "--show-prefix").strip():
        raise CreditError(Problem("this folder", "is inside of a clone", fix="cd to the top of it"))
    if changed := run_git("status", "--porcelain", "--untracked-files=no").splitlines():
        raise CreditError(
            Problem("git", f"{len(changed)} changed files", "none", "commit or stash them: git status lists them")
        )


@contextmanager
def clone_here(checkout: bool) -> Iterator[Path]:
    """Clone this repository at HEAD into a folder that is gone when the block ends; its files too, with `checkout`."""
    with make_temporary_folder() as temporary:
        clone = temporary / "clone"
        run_git("clone", "--quiet", "--shared", "--no-checkout", ".", str(clone))
        run_git("-C", str(clone), "update-ref", "--no-deref", "HEAD", run_git("rev-parse", "HEAD").strip())
        if checkout:
            run_git("-C", str(clone), "reset", "--quiet", "--hard")
        yield clone


def list_changes(clone: Path) -> list[str]:
    """List the files that differ in a clone from its commit, each with A, M or D before it."""
    run_git("-C", str(clone), "add", "--all", "--force")
    return run_git("-C", str(clone), "diff", "--cached", "--no-renames", "--name-status", "HEAD").splitlines()


def describe_changes(changes: list[str]) -> list[str]:
    """Describe changes: a line per file, but one per folder of which several files are gone."""
    parted = [line.split("\t", 1) for line in changes]
    words = {"A": "new", "M": "changed"}
    lines = [f"  {words.get(kind, kind):<8} {name}" for kind, name in parted if kind != "D"]
    shown = lines[:_SHOWN] + ([f"  and {len(lines) - _SHOWN} more files"] if len(lines) > _SHOWN else [])
    folders: dict[str, list[str]] = {}
    for name in (name for kind, name in parted if kind == "D"):
        folders.setdefault("/".join(name.split("/")[:2]), []).append(name)
    return shown + [f"  gone     {_name_files(folder, names)}" for folder, names in folders.items()]


def _name_files(folder: str, names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{folder}/ ({len(names)} files)"


def commit_clone(clone: Path, message: str) -> str:
    """Commit the files of a clone here, as the one commit after that which it was cloned at; returns its hash.

    Raises CreditError and changes nothing when git refuses: nobody to commit as, a file in the way, or a commit since.
    """
    run_git("-C", str(clone), *_NOBODY, "commit", "--quiet", "--no-verify", "--message", message)
    run_git("fetch", "--quiet", "--no-tags", str(clone), "HEAD")
    commit = run_git("commit-tree", "FETCH_HEAD^{tree}", "-p", "FETCH_HEAD^", "-m", message).strip()
    run_git("merge", "--quiet", "--ff-only", commit)
    return commit

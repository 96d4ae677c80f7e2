"""Tell a README that a person wrote or changed from the one that came with the template: a person's stays."""

from pathlib import Path

from credit.common.errors import CreditError
from credit.registry.names import Version
from release.repository.git import run_git

README_FILE = "README.md"
_PARTS = ("## Where to go on", "## Before you lend by it")  # that README.md.jinja cuts it at


def note_own_readme(version: Version, address: str) -> list[str]:
    """Note that the README stays, when it is not as it came by the template, to whose address the project is to go."""
    came_by = _find_origin(version, address)
    if not _read_entry("HEAD"):
        return [f"there is no {README_FILE}, and none is made"]
    if _read_entry("HEAD") != _read_entry(came_by):
        return [f"{README_FILE} is not as it came by {came_by[:10]}, and stays as you have it"]
    if missing := [part for part in _PARTS if part not in Path(README_FILE).read_text(encoding="utf-8")]:
        return [f"{README_FILE} is not the template's, as it has no {missing[0]!r}, and stays as you have it"]
    return []


def restore_readme(project: Path) -> None:
    """Restore the README of HEAD, if it has one."""
    if _read_entry("HEAD"):
        run_git("-C", str(project), "checkout", "--quiet", "HEAD", "--", README_FILE)


def _find_origin(version: Version, address: str) -> str:
    """Find the commit by which the template came.

    Of a clone of the template, the newest that the template has too; of what "Use this template" made, the first.
    """
    for remote in run_git("remote").split():
        if _name_same(run_git("remote", "get-url", remote).strip(), address) and (commit := _find_shared(remote)):
            return commit
    if run_git("tag", "--list", str(version)):
        return str(version)
    return run_git("rev-list", "--max-parents=0", "HEAD").split()[-1]


def _name_same(one: str, other: str) -> bool:
    """Tell whether two addresses are the same but for an ending; of a path, relative or not."""
    ours, theirs = (text.rstrip("/").removesuffix(".git") for text in (one, other))
    return ours == theirs or Path(ours).resolve() == Path(theirs).resolve()


def _find_shared(remote: str) -> str | None:
    """Find the newest commit of HEAD that a remote had when it was last fetched; None of another history."""
    branches = run_git("for-each-ref", "--format=%(objectname)", f"refs/remotes/{remote}/").split()
    try:
        return run_git("merge-base", "HEAD", *branches).strip() if branches else None
    except CreditError:
        return None


def _read_entry(revision: str) -> str:
    return run_git("ls-tree", revision, "--", README_FILE)

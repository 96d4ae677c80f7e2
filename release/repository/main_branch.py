"""Find main, whose judge judges and whose commits alone become versions: origin's where there is one, else here."""

from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from release.repository.git import has_origin, resolve_commit, run_git

_BRANCHES = ("main", "master")


class Main(NamedTuple):
    """The branch main: its name, as in `origin/main`, and its newest commit that is known here."""

    name: str
    commit: str


def find_main() -> Main:
    """Find main. Raises CreditError when there is no such branch."""
    prefix = "origin/" if has_origin() else ""
    for branch in _BRANCHES:
        try:
            ref = f"refs/{'remotes' if prefix else 'heads'}/{prefix}{branch}"
            return Main(f"{prefix}{branch}", resolve_commit(ref))
        except CreditError:
            continue
    fix = "git fetch origin" if prefix else "git branch main COMMIT, with what everybody agreed on"
    raise CreditError(Problem(f"branch {prefix}main", "no such branch, so nothing says what was merged", fix=fix))


def require_merged(commit: str, where: str) -> Main:
    """Require that a commit is on main; returns main. Raises CreditError when it is not."""
    main = find_main()
    try:
        run_git("merge-base", "--is-ancestor", commit, main.commit)
    except CreditError:
        found, expected = f"commit {commit[:10]}, which is not on {main.name}", "one that was merged"
        fix = f"merge it first; git fetch origin if it was, because {main.name} here may be old"
        raise CreditError(Problem(where, found, expected, fix)) from None
    return main


def list_changes_since(main: Main, paths: tuple[str, ...]) -> list[str]:
    """List the files below paths that differ between main and this checkout, committed or not."""
    changed = run_git("diff", "--name-only", main.commit, "--", *paths).splitlines()
    return changed + run_git("ls-files", "--others", "--exclude-standard", "--", *paths).splitlines()

"""Find main, whose judge judges and whose commits alone become versions: origin's where there is one, else here."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from release.repository.git import has_origin, read_text_at, resolve_commit, run_git

_BRANCHES = ("main", "master")
_TREE_LINE = re.compile(r"100(?:644|755) blob [0-9a-f]+\t(.+)", re.DOTALL)


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


def list_tags_of_main(pattern: str) -> set[str]:
    """List the tags that fit a pattern and whose commit is on main."""
    return set(run_git("tag", "--merged", find_main().commit, "--list", pattern).splitlines())


def list_changes_since(main: Main, paths: tuple[str, ...]) -> list[str]:
    """List the files below paths that differ between main and this checkout, committed or not."""
    changed = run_git("diff", "--name-only", "-z", main.commit, "--", *paths).split("\0")
    there = run_git("ls-files", "--others", "--exclude-standard", "-z", "--", *paths).split("\0")
    return [path for path in (*changed, *there) if path]


def read_files_of_main(folder: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Read the files of a folder as main has them, whatever this checkout changed: path and text, in order."""
    main = find_main()
    for line in run_git("ls-tree", "-z", main.commit, f"{folder}/").split("\0"):
        found = _TREE_LINE.fullmatch(line)
        if found and found[1].endswith(suffix):
            yield found[1], read_text_at(main.commit, found[1]) or ""

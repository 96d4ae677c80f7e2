"""The branch that versions are made from: main, as origin has it where there is one."""

import re
from collections.abc import Iterator

from credit.common.errors import CreditError, Problem
from release.repository.git import has_origin, read_text_at, resolve_commit, run_git

MAIN = "main"
_TREE_LINE = re.compile(r"100(?:644|755) blob [0-9a-f]+\t(.+)")


def resolve_main() -> str:
    """Resolve main to its commit. Raises CreditError when this clone does not know it."""
    name = f"refs/remotes/origin/{MAIN}" if has_origin() else f"refs/heads/{MAIN}"
    try:
        return resolve_commit(name)
    except CreditError:
        fix = f"git fetch origin {MAIN}:{name}" if has_origin() else f"git branch {MAIN}, at what was reviewed"
        raise CreditError(Problem(f"git {name}", "no such branch", fix=fix)) from None


def is_on_main(commit: str) -> bool:
    """Tell whether a commit is main's newest one or one of those before it."""
    if run_git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise CreditError(Problem("this clone", "lacks a part of the history", fix="git fetch --unshallow --tags"))
    return not run_git("rev-list", "--max-count=1", commit, f"^{resolve_main()}").strip()


def read_files_of_main(folder: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Read the files of a folder as main has them, whatever this checkout changed: path and text, in order."""
    commit = resolve_main()
    for line in run_git("ls-tree", commit, f"{folder}/").splitlines():
        found = _TREE_LINE.fullmatch(line)
        if found and found[1].endswith(suffix):
            yield found[1], read_text_at(commit, found[1]) or ""

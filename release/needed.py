"""The commits whose data must stay: those of every branch and every tag, here and at origin.

`dvc gc --all-branches` keeps what the branches of this clone need, and no branch that is at origin only. It takes one
more commit and a number of commits before it, so all of them are put in one line.
"""

from collections.abc import Iterable
from typing import NamedTuple

from credit.errors import CreditError, Problem
from credit.registry.names import ARTIFACT
from release.git import git, has_origin


class Line(NamedTuple):
    """The last of a line of commits, and how many there are."""

    last: str
    length: int


def needed() -> list[str]:
    """The commit of every branch and every tag. Raises CreditError unless this clone has all that origin has."""
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise CreditError(Problem("this clone", "a shallow one", "one with all tags", "git fetch --unshallow --tags"))
    refs = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes", "refs/tags")
    here = {name: commit for commit, _, name in (line.partition(" ") for line in refs.splitlines())}
    there = _at_origin() if has_origin() else {}
    absent = {name for name, kind in zip(there, _types(there.values()), strict=True) if kind == "missing"}
    absent |= {name for name in there if name.startswith(f"refs/tags/{ARTIFACT}") and name not in here}
    if absent:
        shown = ", ".join(name.removeprefix("refs/") for name in sorted(absent)[:3])
        found = f"nothing of {shown}" + (" and more" if len(absent) > 3 else "")
        expected = "every branch and every tag of origin"
        raise CreditError(Problem("this clone", found, expected, "git fetch --force --tags origin"))
    return sorted({git("rev-parse", "HEAD").strip(), *here.values(), *there.values()})


def in_line(commits: list[str]) -> Line:
    """One line of commits with all that these hold. No branch and no tag leads to it, so `git gc` removes it again."""
    told = git("cat-file", "--batch-check", stdin="".join(f"{commit}^{{tree}}\n" for commit in commits))
    trees = sorted({words[0] for line in told.splitlines() if (words := line.split())[1] == "tree"})
    me = ("-c", "user.name=release gc", "-c", "user.email=release@localhost")
    last: list[str] = []
    for tree in trees:
        parent = ["-p", *last] if last else []
        last = [git(*me, "commit-tree", *parent, "-m", "what dvc gc keeps", tree).strip()]
    return Line(last[0], len(trees))


def _at_origin() -> dict[str, str]:
    """What the branches and tags of origin lead to, by their full names."""
    lines = git("ls-remote", "--heads", "--tags", "origin").splitlines()
    named = (line.partition("\t") for line in lines)
    return {name.removesuffix("^{}"): found for found, _, name in named}  # an annotated tag is told before its commit


def _types(objects: Iterable[str]) -> list[str]:
    """What each object is, such as commit, or missing."""
    told = git("cat-file", "--batch-check=%(objecttype)", stdin="".join(f"{one}\n" for one in objects))
    return [line.split()[-1] for line in told.splitlines()]

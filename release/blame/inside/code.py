"""Inside the code: the commit between the two versions at which the figure moved, found by halving."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from release.blame.hybrids.factors import Factor
from release.compare.sides import Sides
from release.repository.git import run_git


class CodeCommit(NamedTuple):
    """A commit that changed the code, and the figure with the code as it left it."""

    commit: str
    subject: str
    value: float


def list_code_commits(source: Path, commits: Sides[str], factor: Factor) -> list[str]:
    """List the commits between the two versions that changed the factor's files, the oldest first.

    Empty where the bad version does not follow from the good one.
    """
    base, head = commits
    ancestor = run_git("-C", str(source), "merge-base", "--all", base, head).split()
    if base not in ancestor:
        return []
    words = ("rev-list", "--reverse", "--first-parent", f"{base}..{head}", "--", *factor.paths)
    return run_git("-C", str(source), *words).split()


def find_moving_commit(commits: Sequence[str], measure: Callable[[str], float | None], ends: Sides[float]) -> str:
    """Find the commit at which the figure goes from nearer the good end to nearer the bad one, by halving.

    `measure`: the figure with the code of a commit, None where it does not run, which counts as good.
    """
    low, high = 0, len(commits) - 1
    while low < high:
        middle = (low + high) // 2
        value = measure(commits[middle])
        if value is not None and abs(value - ends.head) < abs(value - ends.base):
            high = middle
        else:
            low = middle + 1
    return commits[low]


def describe_commit(source: Path, commit: str) -> str:
    """Describe a commit by its short hash and its subject."""
    return run_git("-C", str(source), "log", "-1", "--format=%h %s", commit).strip()

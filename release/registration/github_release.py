"""Attach the files of a version to the release of its tag on GitHub."""

from collections.abc import Sequence
from pathlib import Path

from credit.common.errors import CreditError, Problem
from release.running.github import run_gh

_LONGEST = 900
"""Seconds that sending the files may take."""


def attach_files(tag: str, files: Sequence[Path], notes: Path | None) -> None:
    """Attach files, in place of those of the same names; the release is made if need be, with `notes` as its text.

    Raises CreditError with what GitHub says.
    """
    if run_gh("release", "view", tag).returncode:
        text = ("--notes-file", str(notes)) if notes else ("--notes", "")
        _require("release", "create", tag, "--verify-tag", "--title", tag, *text)
    _require("release", "upload", tag, "--clobber", *map(str, files))


def _require(*words: str) -> None:
    done = run_gh(*words, seconds=_LONGEST)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason"]
        where = f"gh {' '.join(words[:3])}"
        raise CreditError(Problem(where, lines[-1], fix="the same command again completes it"))

"""The files of a hybrid are known before it is checked out, and are those that git then finds there."""

import subprocess
from pathlib import Path

import pytest

from release.blame.hybrids.laid_files import lay_files
from release.blame.hybrids.recipes import Recipe


def run(folder: Path, *command: str) -> str:
    who = ("-c", "user.name=modeler", "-c", "user.email=modeler@example.org")
    return subprocess.run(["git", *who, *command], cwd=folder, capture_output=True, text=True, check=True).stdout


def commit(folder: Path, files: dict[str, str | None]) -> str:
    """Write files, None for one that goes; return the commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        if text is not None:
            (folder / name).write_text(text)
    run(folder, "add", "--all")
    run(folder, "commit", "--quiet", "--message", "as it is")
    return run(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def commits(tmp_path: Path) -> tuple[str, str]:
    """A repository in which files changed, came, went, became a program and lie in order of other bytes."""
    run(tmp_path, "init", "--quiet")
    good = commit(
        tmp_path,
        {"params.yaml": "a: 1\n", "requirements.lock": "one\n", "gone": "", "a/b": "1", "a-b": "2", "é x": "3"},
    )
    (tmp_path / "a-b").chmod(0o755)
    bad = commit(
        tmp_path, {"params.yaml": "a: 2\n", "requirements.lock": "two\n", "gone": None, "new/one": "", "a/b": "9"}
    )
    return good, bad


@pytest.mark.parametrize(
    ("paths", "params", "lock"),
    [
        ((), None, "one\n"),
        (("gone", "new/one", "a-b", "nowhere"), None, "one\n"),
        (("a/b", "requirements.lock"), "a: 2\n", "two\n"),
        (("params.yaml",), "a: é\n", "one\n"),
    ],
)
def test_the_files_are_those_of_a_clone_in_which_all_was_laid_and_added(
    tmp_path: Path, commits: tuple[str, str], paths: tuple[str, ...], params: str | None, lock: str
) -> None:
    good, bad = commits
    laid = lay_files(tmp_path, good, bad, Recipe("a hybrid", frozenset(), paths, params))
    run(tmp_path, "checkout", "--quiet", "--detach", good)
    for path in paths:
        if run(tmp_path, "ls-tree", bad, "--", path):
            run(tmp_path, "checkout", "--quiet", bad, "--", path)
        else:
            (tmp_path / path).unlink(missing_ok=True)
    if params is not None:
        (tmp_path / "params.yaml").write_text(params)
    run(tmp_path, "add", "--all")
    assert laid.list_staged() == run(tmp_path, "ls-files", "--stage", "-z").split("\0")[:-1]
    assert laid.read_text("requirements.lock") == lock
    assert laid.read_text("nowhere") is None

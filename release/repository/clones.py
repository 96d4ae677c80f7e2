"""A clone of one commit in a temporary folder, with an empty DVC cache: of this one nothing is touched or trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from credit.common.errors import CreditError, Problem
from release.repository.git import run_git


@contextmanager
def clone_commit(commit: str) -> Iterator[Path]:
    """Clone this repository at a commit; the clone is gone when the block ends."""
    with TemporaryDirectory(prefix="release-") as temporary:
        clone = Path(temporary) / "clone"
        run_git("clone", "--quiet", "--no-checkout", "--shared", ".", str(clone))
        run_git("-C", str(clone), "checkout", "--quiet", "--detach", commit)
        yield clone


def copy_remote_config(clone: Path) -> None:
    """Let a clone use the default remote of this repository, which an old commit may not know yet."""
    from dvc.config import Config  # half a second, which --help and a version that is unknown do not need
    from dvc.repo import Repo

    with Repo() as repo:
        name = repo.config["core"].get("remote")
        remote = dict(repo.config["remote"][name]) if name else None
    if remote is None:
        raise CreditError(Problem("DVC remote", "not set", fix="dvc remote add --default storage URL"))
    config = Config(str(clone / ".dvc"))
    with config.edit("local") as local:
        local["core"]["remote"] = "proof"
        local["remote"]["proof"] = remote

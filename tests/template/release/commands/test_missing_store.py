"""A store that is not there, on call and with a mistyped address: said, and made by no command that reads."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.__main__ import main
from release.repository.git import run_git


@pytest.mark.parametrize(
    "command",
    [
        "affected v1.0.0 --env prod",
        "deploy v1.0.0 --env prod --reason r --dry-run",
        "evidence v1.0.0",
        "export v1.0.0 there",
        "gc",
        "history",
        "inventory",
        "note 1 --env prod --text t",
        "publish v1.0.0 --dry-run",
        "rollback --env prod --reason r",
        "rollback --env prod --reason r --to rule",
        "show v1.0.0",
        "sign v1.0.0",
        "status",
        "sync --no-fetch",
        "verify",
    ],
)
def test_a_command_that_reads_says_that_the_folder_is_not_there_and_makes_none(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "mistyped"
    monkeypatch.chdir(tmp_path)
    run_git("init", "--quiet")
    monkeypatch.setenv("RELEASE_STORE", str(place))
    with pytest.raises(CreditError, match=r"mistyped \(by RELEASE_STORE\): no such folder; is its address right\?"):
        main(command.split())
    assert not place.exists()

"""A store, a service that follows it, and the command `release` where there is no git."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import run_command
from credit.registry.store import Store
from release.__main__ import main
from testing.services import asked, released, service

__all__ = ["asked", "released", "service"]


@pytest.fixture
def command(
    disk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Run `release`: the code, and what it prints: JSON when it is asked for, else the text; errors where it fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    monkeypatch.setenv("RELEASE_ACTOR", "on call")

    def run(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as left:
            run_command(lambda: main(arguments))
        told = capsys.readouterr()
        if "--json" in arguments and told.out:
            return int(left.value.code or 0), json.loads(told.out)
        return int(left.value.code or 0), told.out + told.err

    return run

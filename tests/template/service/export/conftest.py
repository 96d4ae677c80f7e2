"""A log that is filled as a service does, a server of MongoDB's protocol, and the command."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from credit.common.errors import run_command
from credit.decision_log.log import DecisionLog
from service.__main__ import main
from service.export.following import Target
from service.export.mongodb import MongoTarget
from service.export.parquet import ParquetTarget
from testing.parts.mongodb import MongoServer, run_mongodb


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """One server for all tests of a process, each with a database of its own."""
    with run_mongodb(tmp_path_factory.mktemp("mongodb")) as server:
        yield server


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    made = DecisionLog(f"sqlite:///{tmp_path}/state/decisions.db", tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def name() -> str:
    """The name of a database that nobody has."""
    return f"test_{uuid4().hex}"


@pytest.fixture(params=["mongodb", "parquet"])
def open_target(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> Iterator[Callable[[], Target]]:
    """Open the target anew, as a process that was started again does."""
    opened: list[MongoTarget] = []

    def open_again() -> Target:
        if request.param == "parquet":
            return ParquetTarget(tmp_path / "analysts")
        opened.append(MongoTarget(request.getfixturevalue("mongodb").url, name))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Run `service export`: the code, and its JSON where it is asked for, else all text."""
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))

    def run(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as left:
            run_command(lambda: main(("export", *arguments)))
        told = capsys.readouterr()
        if "--json" in arguments and told.out:
            return int(left.value.code or 0), json.loads(told.out)
        return int(left.value.code or 0), told.out + told.err

    return run

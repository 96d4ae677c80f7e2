"""A drill checks the decision log too, where it can read one."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from credit.decision_log.integrity.checkpointing import CheckpointWriter
from credit.decision_log.log import DecisionLog
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.store import Store
from release.commands import drill
from release.drill.decision_log import check_decision_log
from release.drill.rehearsal import DrillResult
from testing.decisions import make_record, write_each


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_a_log_that_is_as_it_was_written_passes_and_another_one_fails(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("SERVICE_DATABASE_URL", raising=False)
    log = DecisionLog(f"sqlite:///{tmp_path}/state/decisions.db", tmp_path / "state")
    write_each(log, [make_record(decided_at=datetime.now(UTC)) for _ in range(3)])
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    found, words = check_decision_log(store)
    assert (found, words[0]) == (0, "decisions: 3 rows of 1 writers: as they were written, 1 checkpoints compared")
    with log.database.begin_write() as connection:
        connection.execute(update(DECISIONS_TABLE).values(decision="approve"))
    found, words = check_decision_log(store)
    assert (found, words[0].startswith("decision log: altered: decisions ")) == (3, True)
    log.close()


def test_the_command_verifies_the_log(
    disk: Store, command: Callable[..., tuple[int, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`release drill` itself, by exit code and words; what it rehearses besides is in `test_subcommands`."""
    monkeypatch.setattr(drill, "rehearse", lambda _: DrillResult(("v1.0.0", "v1.1.0"), [], 30, []))
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("SERVICE_DATABASE_URL", raising=False)
    log = DecisionLog(f"sqlite:///{tmp_path}/state/decisions.db", tmp_path / "state")
    write_each(log, [make_record(decided_at=datetime.now(UTC)) for _ in range(3)])
    CheckpointWriter(log.chains, lambda: disk, "prod").write()
    code, told = command("drill")
    assert (code, "3 rows of 1 writers: as they were written, 1 checkpoints compared" in told) == (0, True)
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 3))
    log.close()
    code, told = command("drill")
    assert (code, "decision log: deleted: decisions at the end" in told) == (1, True), "as the checkpoint alone tells"
    code, told = command("drill", "--json")
    assert (code, told["decision_log"]["found"]) == (1, 1)


def test_a_log_that_cannot_be_read_is_not_said_to_be_well(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("SERVICE_DATABASE_URL", raising=False)
    assert check_decision_log(store).words[0].startswith("decision log: not checked")
    monkeypatch.setenv("SERVICE_DATABASE_URL", "postgresql+psycopg://somebody:secret@127.0.0.1:1/none")
    found, words = check_decision_log(store)
    assert (found, words[0].startswith("decision log: cannot be checked: ")) == (1, True)
    assert "secret" not in words[0]

"""Commands wait for a database as long as a statement takes: nobody waits for them to be answered."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from credit.common.errors import run_command
from credit.decision_log.connecting import engine
from credit.decision_log.log import DecisionLog
from service.__main__ import main
from testing.decisions import make_record, write_each
from testing.parts.servers import Cluster, wait_until

LIMIT = 1
"""Seconds that the service would wait here."""
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    f" AND clock_timestamp() - query_start > interval '{1.2 * LIMIT} s'"
)


@pytest.mark.parametrize(
    "words",
    [
        ["find", "customer-4711"],
        ["erase", "customer-4711", "--reason", "asked for"],
        ["correct", "ID", "--value", "income=2", "--reason", "a slip"],
        ["accept", "ID", "--reason", "the store was away"],
        ["replay", "ID"],
        ["verify-log"],
        ["export", "parquet", "FOLDER", "--once"],
        ["export", "parquet", "FOLDER", "--compare"],
    ],
    ids=lambda words: " ".join(words[:1] + words[3:4]),
)
def test_a_command_waits_longer_than_the_service_does(
    words: list[str],
    server: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "store").mkdir()
    settings = {"SERVICE_STATE": tmp_path, "SERVICE_DATABASE_URL": server.url, "RELEASE_STORE": tmp_path / "store"}
    for name, value in {**settings, "SERVICE_APPLICANT_KEY": "k" * 32}.items():
        monkeypatch.setenv(name, str(value))
    log = DecisionLog(server.url, tmp_path)
    (row,) = write_each(log, [make_record()])
    log.close()
    places = {"ID": row["id"], "FOLDER": str(tmp_path / "exported")}
    monkeypatch.setattr(engine, "_TIMEOUT_SECONDS", LIMIT)

    def ask() -> None:
        with pytest.raises(SystemExit):
            run_command(lambda: main([places.get(word, word) for word in words]))

    assert meets_lock(server.url, ask), "no statement waited longer than the service would"
    told = capsys.readouterr()
    assert "timeout" not in told.out + told.err
    assert "does not answer" not in told.out + told.err


def meets_lock(url: str, ask: Callable[[], None]) -> bool:
    """Ask while somebody else has the table of decisions; they leave it once a statement has waited too long for it."""
    asked, met = threading.Event(), []
    locked = threading.Event()

    def hold() -> None:
        looking = create_engine(url, isolation_level="AUTOCOMMIT")  # a transaction sees others as they were once
        with create_engine(url).connect() as holding, looking.connect() as look:
            holding.execute(text("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE"))
            locked.set()
            wait_until(lambda: asked.is_set() or bool(look.execute(text(WAITS)).scalar_one()), "a statement")
            met.append(bool(look.execute(text(WAITS)).scalar_one()))

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait()
    try:
        ask()
    finally:
        asked.set()
        holder.join()
    return met == [True]

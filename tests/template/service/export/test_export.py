"""The log is exported to MongoDB and Parquet: everybody once, outcomes and erasures after them, whatever happens."""

import getpass
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pyarrow.parquet as pq
import pytest
import requests
from prometheus_client import CollectorRegistry
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure
from sqlalchemy import delete, insert, select, update

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.removal import remove_decisions
from credit.decision_log.outcomes import record_outcome
from credit.decision_log.people.erasure import erase_decisions
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE
from credit.registry.store import Store
from service.export.cursors import LogCursor
from service.export.following import Cursors, ExportRound, Stream, Target, compare_days, export_news, measure_lag
from service.export.mongodb import _DUPLICATE, MongoTarget
from service.export.parquet import ParquetTarget
from service.export.running import keep_exporting
from service.settings import load_settings
from testing.decisions import make_record, write_each
from testing.lenders.frozen import ROOT
from testing.parts.mongodb import MongoServer
from testing.parts.servers import Cluster, find_free_ports, wait_until

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
Open = Callable[[], Target]
Command = Callable[..., tuple[int, Any]]


def write(log: DecisionLog, number: int, hours: float = 5) -> list[dict[str, Any]]:
    """Write decisions, so many hours between two."""
    values = {"income": 1 / 3, "home": None, "large": 2**70, "nested": {"b": [1, 2.5], "a": True}}
    return write_each(
        log,
        [
            make_record(
                decided_at=START + timedelta(hours=hours * i), inputs=values | {"i": i}, protected={"race": "Black"}
            )
            for i in range(number)
        ],
    )


def report(log: DecisionLog, row: dict[str, Any], days: float, paid: bool) -> None:
    at = row["decided_at"] + timedelta(days=days)
    record_outcome(log.outcomes, row["id"], paid, at, "paid", "tester", at)


def assert_same(log: DecisionLog, target: Target, number: int) -> None:
    """Check that each day has the same decisions in the log and the target, and so many in all."""
    assert compare_days(log.database, target) == {}
    assert sum(one.number for one in target.digest().values()) == number


def test_everybody_is_exported_once_however_often_it_is_started(log: DecisionLog, open_target: Open) -> None:
    assert export_news(log.database, open_target()) == ExportRound()
    write(log, 1200, hours=0.05)
    assert export_news(log.database, open_target()) == ExportRound(decisions=1200)
    assert export_news(log.database, open_target()) == ExportRound()
    write(log, 30)
    target = open_target()
    assert export_news(log.database, target).decisions == 30
    assert_same(log, target, 1230)


def test_the_outcome_that_was_observed_last_is_there_and_an_erased_person_is_not(
    log: DecisionLog, open_target: Open
) -> None:
    rows, target = write(log, 20), open_target()
    export_news(log.database, target)
    report(log, rows[3], 20, paid=True)
    report(log, rows[3], 10, paid=False)
    report(log, rows[4], 10, paid=False)
    erase_decisions(log.events, [rows[5]["id"], rows[6]["id"]], "erase", "tester", {})
    assert export_news(log.database, open_target()) == ExportRound(outcomes=3, erased=1)
    assert_same(log, target, 20)
    found = read_all(open_target())
    assert found[rows[3]["id"]][0]["outcome"]["value"] is True
    assert found[rows[4]["id"]][0]["outcome"]["value"] is False
    assert found[rows[7]["id"]][0]["outcome"] is None
    for row in rows[5:7]:
        content, protected = found[row["id"]]
        assert (content["inputs"], content["erased"], protected) == (None, True, None)


def read_all(target: Target) -> dict[str, Any]:
    assert isinstance(target, MongoTarget | ParquetTarget)
    return {one.id: (one.content, one.protected) for one in target._iterate_records()}


def test_outcome_and_erasure_that_come_before_the_decision_are_not_lost(log: DecisionLog, open_target: Open) -> None:
    """The decision is in a spool at first: its place is missing, and it comes when all else was read."""
    rows = write(log, 30)
    late = rows[10:12]
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_([one["id"] for one in late])))
    report(log, late[0], 10, paid=False)
    target = open_target()
    made = export_news(log.database, target)
    assert (made.decisions, made.outcomes, made.missing) == (28, 1, 2)
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), late)
    assert export_news(log.database, open_target()) == ExportRound(decisions=2)
    assert_same(log, target, 30)
    assert read_all(target)[late[0]["id"]][0]["outcome"]["value"] is False


class Killer:
    """A target whose process is killed before, or after, the call of a number."""

    def __init__(self, target: Target, call: int, after: bool) -> None:
        self._target, self._left, self._after = target, call, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        def run(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = method(*arguments)
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return run


KILLED = """
import sys
from pathlib import Path
from credit.decision_log.database import Database
from service.export.following import export_news
from service.export.mongodb import MongoTarget
from service.export.parquet import ParquetTarget
sys.path.insert(0, sys.argv[1])
from test_export import Killer
kind, address, name, url, call, after = sys.argv[2:]
target = ParquetTarget(Path(address)) if kind == "parquet" else MongoTarget(address, name)
export_news(Database(url, read_only=True), Killer(target, int(call), after == "after"))
"""


@pytest.mark.parametrize("after", ["before", "after"])
def test_killed_at_any_step_it_goes_on_and_has_everybody_once(
    log: DecisionLog, open_target: Open, tmp_path: Path, name: str, request: pytest.FixtureRequest, after: str
) -> None:
    """kill -9 before and after each step of a round with decisions, outcomes and erasures; and then a round of it."""
    rows = write(log, 40)
    report(log, rows[0], 10, paid=False)
    erase_decisions(log.events, [rows[1]["id"]], "erase", "tester", {})
    kind = "parquet" if isinstance(target := open_target(), ParquetTarget) else "mongodb"
    address = str(tmp_path / "analysts") if kind == "parquet" else request.getfixturevalue("mongodb").url
    url, more, killed = f"sqlite:///{tmp_path}/state/decisions.db", 0, 0
    for call in (2, 3, 5, 8, 9):  # put, note, refresh, note, finish; of a round after that nothing is new but 5 people
        words = [sys.executable, "-c", KILLED, str(Path(__file__).parent), kind, address, name, url, str(call), after]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode == -signal.SIGKILL
        more += len(write(log, 5))
    assert killed >= 4, "the later rounds have fewer steps"
    export_news(log.database, open_target())
    assert_same(log, target := open_target(), 40 + more)
    assert export_news(log.database, target) == ExportRound()


def test_postgresql_is_exported_as_sqlite_is(server: Cluster, open_target: Open, tmp_path: Path) -> None:
    log = DecisionLog(server.url, tmp_path / "state")
    rows, target = write(log, 20), open_target()
    report(log, rows[3], 20, paid=True)
    assert measure_lag(log.database, {})[0] == 20
    assert export_news(log.database, target) == ExportRound(decisions=20, outcomes=1)
    erase_decisions(log.events, [rows[5]["id"]], "erase", "tester", {})
    assert export_news(log.database, target) == ExportRound(erased=1)
    assert_same(log, target, 20)
    log.close()


def test_a_day_that_differs_is_named_whatever_differs(log: DecisionLog, open_target: Open) -> None:
    rows, target = write(log, 30), open_target()
    export_news(log.database, target)
    with log.database.begin_write() as connection:
        of = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == rows[0]["id"])
        connection.execute(of.values(score=0.2))
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == rows[-1]["id"]))
    differs = compare_days(log.database, target)
    assert list(differs) == [rows[0]["decided_at"].date(), rows[-1]["decided_at"].date()]
    assert [there.number - here.number for there, here in differs.values()] == [0, -1]


def test_protected_attributes_are_in_a_collection_of_their_own(
    log: DecisionLog, mongodb: MongoServer, name: str
) -> None:
    write(log, 5)
    target = MongoTarget(mongodb.url, name)
    export_news(log.database, target)
    with mongodb.connect() as client:
        decisions = list(client[name]["decisions"].find())
        protected = list(client[name]["protected"].find())
    target.close()
    assert "Black" not in str(decisions)
    assert {one["_id"] for one in protected} == {one["_id"] for one in decisions}
    assert protected[0]["values"] == {"race": "Black"}
    assert min(one["decided_at"] for one in decisions) == START.replace(microsecond=123000)
    assert decisions[0]["inputs"]["large"] == str(2**70), "BSON has no room for it"


def test_parquet_has_a_file_for_each_day_that_any_reader_joins(log: DecisionLog, tmp_path: Path) -> None:
    write(log, 30)
    export_news(log.database, ParquetTarget(tmp_path / "analysts"))
    table = pq.read_table(tmp_path / "analysts/decisions")
    assert table.num_rows == 30
    assert len(set(table.column("day").to_pylist())) == len(list((tmp_path / "analysts/decisions").iterdir())) == 7
    assert "Black" not in str(table.to_pylist())
    assert pq.read_table(tmp_path / "analysts/protected").num_rows == 30


def test_the_command_exports_compares_and_says_what_is_left_out(
    log: DecisionLog, command: Command, mongodb: MongoServer, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = write(log, 12)
    with log.database.begin_write() as connection:
        old = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == rows[11]["id"])
        connection.execute(old.values(writer=None, sequence=None))
    monkeypatch.setenv("EXPORT_MONGODB_URL", mongodb.url)
    for words in (("mongodb", "--database", name), ("parquet", str(tmp_path / "analysts"))):
        code, told = command(*words, "--compare")
        assert (code, "3 days differ" in told) == (3, True)
        code, told = command(*words, "--once")
        assert code == 0
        assert "11 decisions, 0 outcomes and 0 erasures exported" in told
        assert "1 decisions from before the log had numbers are left out" in told
        assert command(*words, "--compare", "--json") == (0, {"differs": []})


def test_a_second_export_into_a_folder_is_refused_and_a_comparison_is_not(
    log: DecisionLog, command: Command, tmp_path: Path
) -> None:
    """It could write a day as it was before what the first one has, and then say that all of it is there."""
    folder = str(tmp_path / "analysts")
    write(log, 10)
    assert command("parquet", folder, "--once")[0] == 0
    write(log, 5)
    with ParquetTarget(tmp_path / "analysts").reserve():
        code, told = command("parquet", folder, "--once")
        assert (code, "another process exports to it" in told) == (1, True)
        assert command("parquet", folder, "--compare")[0] == 3
    assert "5 decisions" in command("parquet", folder, "--once")[1]


@pytest.mark.parametrize("kind", ["decisions", "protected"])
@pytest.mark.parametrize("content", [None, b"", b"PAR1 damaged"])
def test_a_file_that_is_missing_or_damaged_is_told_in_one_line(
    log: DecisionLog, command: Command, tmp_path: Path, kind: str, content: bytes | None
) -> None:
    write(log, 10)
    folder = tmp_path / "analysts"
    assert command("parquet", str(folder), "--once")[0] == 0
    file = min(folder.glob(f"{kind}/day=*/{kind}.parquet"))
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    code, told = command("parquet", str(folder), "--compare")
    if (kind, content) == ("decisions", None):
        assert (code, "1 days differ" in told) == (3, True)
    else:
        assert (code, told.count("\n")) == (1, 1)
        assert told.startswith(f"error: {file}: no file that was exported (")


def list_exports(log: DecisionLog) -> list[tuple[str, dict[str, Any]]]:
    """List who exported what, as the log has it."""
    query = select(EVENTS_TABLE.c.caller, EVENTS_TABLE.c.detail).where(EVENTS_TABLE.c.kind == "export")
    with log.database.begin_read() as connection:
        return [(row.caller, row.detail) for row in connection.execute(query)]


def test_an_export_is_an_event_of_the_log_and_where_it_cannot_be_one_nothing_is_exported(
    log: DecisionLog, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(log, 10)
    assert command("parquet", str(tmp_path / "one"), "--once")[0] == 0
    assert command("parquet", str(tmp_path / "one"), "--compare")[0] == 0
    assert list_exports(log) == [(getpass.getuser(), {"target": "parquet", "follows": False})]
    with log.database.begin_write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(FAIL, 'no room'); END"
        )
    code, told = command("parquet", str(tmp_path / "other"), "--once")
    assert (code, "error: the decision log: nothing is shown: this could not be noted" in told) == (1, True)
    assert list((tmp_path / "other").rglob("*.parquet")) == []


def test_what_is_no_target_is_told_in_one_line(
    log: DecisionLog, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EXPORT_MONGODB_URL", raising=False)
    assert command("mongodb", "--once")[1].startswith("error: EXPORT_MONGODB_URL: found nothing")
    monkeypatch.setenv("EXPORT_MONGODB_URL", "http://elsewhere")
    assert "no address of MongoDB" in command("mongodb", "--once")[1]
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    code, told = command("parquet", str(tmp_path / "full"), "--once")
    assert (code, "a folder with something else in it" in told) == (1, True)
    (tmp_path / "full/cursors.json").write_text("[1]")
    assert "no places of an export" in command("parquet", str(tmp_path / "full"), "--once")[1]


def test_a_server_that_refuses_is_told_apart_from_one_that_does_not_answer(
    log: DecisionLog, mongodb: MongoServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the server's own words, which may repeat what an applicant wrote."""
    write(log, 3)
    target = MongoTarget(mongodb.url, name)
    refused = OperationFailure("not authorized", 13, {"codeName": "Unauthorized"})
    too_large = BulkWriteError({"writeErrors": [{"code": _DUPLICATE}, {"code": 10334, "errmsg": "words"}]})
    for error, told in ((refused, "OperationFailure, Unauthorized"), (too_large, "BulkWriteError, 10334")):
        monkeypatch.setattr(Collection, "insert_many", Mock(side_effect=error))
        with pytest.raises(CreditError) as raised:
            export_news(log.database, target)
        assert str(raised.value) == f"MongoDB: it refuses: {told}"
    target.close()


def test_whoever_is_killed_in_the_first_writing_of_places_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "analysts"
    folder.mkdir()
    left = folder / f".cursors.json.{2**22 + 1}.part"  # the number of no process
    left.touch()
    ParquetTarget(folder)
    assert [one.name for one in folder.iterdir()] == ["cursors.json"]


def test_what_a_killed_export_left_goes_with_its_month_and_is_in_nobodys_way(log: DecisionLog, tmp_path: Path) -> None:
    """Of a day that was exported, of one whose protected values went before the kill, and of one that was begun."""
    write(log, 15)
    folder = tmp_path / "analysts"
    export_news(log.database, ParquetTarget(folder))
    days = sorted(one.name for one in (folder / "decisions").iterdir())
    for kind in ("decisions", "protected"):
        for day in (*days, "day=2026-02-27"):
            left = folder / kind / day / f".{kind}.parquet.{os.getpid()}.part"  # as of a process that there is
            left.parent.mkdir(exist_ok=True)
            left.write_text("Black")
    (folder / "protected" / days[1] / "protected.parquet").unlink()
    remove_decisions(
        log.database, log.events, datetime(2026, 4, 1, tzinfo=UTC), "cron", lambda: Store(str(tmp_path / "store"))
    )
    assert export_news(log.database, ParquetTarget(folder)).removed == 15
    assert sorted(one.name for one in folder.rglob("*")) == ["cursors.json", "decisions", "protected"]
    assert export_news(log.database, ParquetTarget(folder)) == ExportRound()


def test_a_row_that_was_missing_and_was_removed_by_its_age_is_not_missing(
    log: DecisionLog, open_target: Open, tmp_path: Path
) -> None:
    rows = write(log, 12)
    with log.database.begin_write() as connection:
        gone = DECISIONS_TABLE.c.id.in_([row["id"] for row in rows[4:6]])
        connection.execute(delete(DECISIONS_TABLE).where(gone))
    assert export_news(log.database, open_target()).missing == 2
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), rows[4:6])
    write_each(log, [make_record(decided_at=START + timedelta(days=40))])
    remove_decisions(
        log.database, log.events, datetime(2026, 4, 1, tzinfo=UTC), "cron", lambda: Store(str(tmp_path / "store"))
    )
    for _ in range(2):
        assert export_news(log.database, open_target()).missing == 0


def test_what_one_environment_removed_goes_and_what_others_have_of_its_days_stays(
    log: DecisionLog, open_target: Open, tmp_path: Path
) -> None:
    rows = write(log, 12)
    others = [make_record(decided_at=row["decided_at"], environment="staging") for row in rows[::3]]
    write_each(log, others)
    assert export_news(log.database, open_target()).decisions == 16
    before, store = datetime(2026, 4, 1, tzinfo=UTC), Store(str(tmp_path / "store"))
    remove_decisions(log.database, log.events, before, "cron", lambda: store, "prod")
    assert export_news(log.database, open_target()).removed == 12
    assert compare_days(log.database, open_target()) == {}
    assert sum(one.number for one in open_target().digest().values()) == 4
    assert export_news(log.database, open_target()) == ExportRound()


@contextmanager
def keep_signal_handlers() -> Iterator[None]:
    """Give back the handlers of signals when the block ends."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Obstructed(ParquetTarget):
    """A folder in whose way a file is, until it was told; when all was written its process is told to end."""

    def finish(self, database: Database) -> None:
        try:
            super().finish(database)
        except OSError:
            self.obstacle.unlink()
            raise
        os.kill(os.getpid(), signal.SIGTERM)

    @property
    def obstacle(self) -> Path:
        return self._folder / "decisions"


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(
    log: DecisionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    write(log, 10)
    target = Obstructed(tmp_path / "analysts")
    target.obstacle.touch()
    with keep_signal_handlers():
        keep_exporting(load_settings(), target, "parquet", 0.1, "127.0.0.1", 0)
    away, back = capsys.readouterr().err.splitlines()
    assert ("Not a directory" in away, back) == (True, "everything answers again")
    assert_same(log, target, 10)


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> list[CollectorRegistry]:
    """The registries of the exports that were started, which nobody serves."""
    kept: list[CollectorRegistry] = []

    def keep_registry(port: int, host: str, registry: CollectorRegistry) -> tuple[Mock, Mock]:
        kept.append(registry)
        return Mock(), Mock()

    monkeypatch.setattr("service.export.running.start_http_server", keep_registry)
    return kept


class Gone(ParquetTarget):
    """A folder that answers for one round; after the next its process is told to end."""

    rounds = 0

    def read_cursors(self, stream: Stream) -> Cursors:
        self.rounds += stream == "decisions"
        if self.rounds > 1:
            os.kill(os.getpid(), signal.SIGTERM)
            raise OSError("gone")
        return super().read_cursors(stream)


def test_what_waits_is_counted_from_the_last_round_though_the_target_was_gone_right_after_it(
    log: DecisionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registries: list[CollectorRegistry]
) -> None:
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    target = Gone(tmp_path / "analysts")
    monkeypatch.setattr(target, "finish", lambda database: write(log, 3))
    write(log, 10)
    with keep_signal_handlers():
        keep_exporting(load_settings(), target, "parquet", 0.1, "127.0.0.1", 0)
    assert registries[0].get_sample_value("export_rows_total", {"target": "parquet"}) == 10
    assert registries[0].get_sample_value("export_waiting_decisions", {"target": "parquet"}) == 3


class Full(ParquetTarget):
    """A folder on a disk that is full at the end of the first round; after the next its process is told to end."""

    rounds = 0

    def finish(self, database: Database) -> None:
        self.rounds += 1
        if self.rounds == 1:
            raise OSError("No space left on device")
        super().finish(database)
        os.kill(os.getpid(), signal.SIGTERM)


def test_rows_that_were_written_after_a_round_that_failed_are_counted_once(
    log: DecisionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registries: list[CollectorRegistry]
) -> None:
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    target = Full(tmp_path / "analysts")
    rows = write(log, 10)
    report(log, rows[0], 30, True)
    with keep_signal_handlers():
        ended = keep_exporting(load_settings(), target, "parquet", 0.1, "127.0.0.1", 0)
    assert ended.content == {"decisions": 10, "outcomes": 1, "erased": 0, "removed": 0, "missing": 0}
    assert registries[0].get_sample_value("export_rows_total", {"target": "parquet"}) == 11
    assert_same(log, target, 10)
    assert [detail for _, detail in list_exports(log)] == [{"target": "parquet", "follows": True}], (
        "once, of two rounds"
    )


def test_places_are_true_after_a_round_that_ended_halfway(
    log: DecisionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, places = ParquetTarget(tmp_path / "analysts"), dict[str, LogCursor]()
    write(log, 1_200, hours=0.05)
    put = target.put
    monkeypatch.setattr(target, "put", Mock(side_effect=[None, OSError("full")], wraps=put))
    with pytest.raises(OSError, match="full"):
        export_news(log.database, target, places)
    assert measure_lag(log.database, places)[0] == 200


def test_lag_is_how_many_wait_and_since_when_the_oldest_does(log: DecisionLog) -> None:
    assert measure_lag(log.database, {})[0] == 0
    write(log, 7)
    waiting, lag = measure_lag(log.database, {})
    assert waiting == 7
    assert abs(datetime.now(UTC) - START - lag) < timedelta(minutes=5)


def test_it_follows_the_log_beside_the_service_and_tells_its_lag_while_the_target_is_away(
    log: DecisionLog, tmp_path: Path, name: str
) -> None:
    server = MongoServer(tmp_path / "own")
    (port,) = find_free_ports(1)
    words = [sys.executable, "-m", "service", "export", "mongodb", "--database", name, "--seconds", "0.2"]
    env = os.environ | {"EXPORT_MONGODB_URL": f"{server.url}&serverSelectionTimeoutMS=300", "PYTHONPATH": str(ROOT)}
    env |= {"SERVICE_STATE": str(tmp_path / "state")}
    write(log, 10)
    process = subprocess.Popen([*words, "--port", str(port)], env=env, stderr=subprocess.PIPE, text=True)

    def read(series: str) -> float:
        try:
            lines = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text.splitlines()
        except requests.ConnectionError:
            return -1
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"export_{series}{{")), -1)

    try:
        wait_until(lambda: read("rows_total") == 10, "ten decisions", process)
        assert read("waiting_decisions") == 0
        server.stop()
        write(log, 3)
        wait_until(lambda: read("waiting_decisions") == 3 and read("lag_seconds") > 0, "a lag", process)
        server.start()
        wait_until(lambda: read("rows_total") == 13, "the others", process)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate()
        assert process.returncode == 0
        *away, back = told.splitlines()
        assert {one.rpartition(": ")[0] for one in away} == {"MongoDB: no answer"}
        assert back == "everything answers again"
    finally:
        process.kill()
        server.stop()

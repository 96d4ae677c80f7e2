"""What could lose an answered decision is noticed: a file that is gone, a server that does not wait for the disk."""

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from testing.decisions import list_identifiers, make_record, write_each
from testing.lenders.frozen import ROOT
from testing.parts.servers import Cluster


def test_a_log_file_that_is_removed_is_noticed_and_no_decision_goes_into_it(tmp_path: Path) -> None:
    """They go to the spool, and no empty log takes its place, until it is back."""
    file = tmp_path / "log.db"
    log = DecisionLog(f"sqlite:///{file}", tmp_path / "state")
    before, after, late = make_record(), make_record(), make_record()
    write_each(log, [before])
    kept = tmp_path / "kept.db"
    file.rename(kept)
    assert write_each(log, [after]) == [after]
    assert "removed or replaced" in str(log.problem)
    assert not log.recover()
    assert not file.exists()
    assert list_identifiers(log.spool) == [after["id"]]
    kept.rename(file)
    assert log.recover()
    write_each(log, [late])
    assert log.problem is None
    assert [one for one in list_identifiers(log.database) if one != after["id"]] == [before["id"], late["id"]]
    assert verify_databases([log.spool, log.database], None)[0].findings == []
    log.close()


def test_a_log_file_that_is_removed_is_noticed_while_nobody_writes(tmp_path: Path) -> None:
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    assert log.recover()
    (tmp_path / "log.db").unlink()
    assert not log.recover()
    assert "removed or replaced" in str(log.problem)
    assert "/proc/" in str(log.problem)
    log.close()


def test_a_spool_that_is_removed_is_made_again(tmp_path: Path) -> None:
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    log.problem = "away"
    write_each(log, [make_record()])
    (tmp_path / "state/spool.db").unlink()
    one, other = make_record(), make_record()
    write_each(log, [one])
    log.recover()
    log.problem = "away"
    write_each(log, [other])
    assert list_identifiers(log.spool) == [other["id"]]
    assert log.database.find(one["id"]) == one
    log.close()


def test_a_database_that_does_not_wait_for_the_disk_is_noticed_and_made_to_wait(server: Cluster) -> None:
    before = Database(server.url)
    before.prepare()
    assert "synchronous_commit" not in before.weaknesses
    with before.begin_write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit TO off"))
    before.close()
    database = Database(server.url)
    with database.begin_read() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    assert "off" in database.weaknesses["synchronous_commit"]
    database.close()


def test_a_process_that_is_killed_in_the_midst_of_group_commits_leaves_whole_chains(
    empty: Database, tmp_path: Path
) -> None:
    """Killed again and again, at other moments; the chain of each process is as it was written, to its end."""
    code = """
import os, signal, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from credit.decision_log.group_commit import Writer, WriteRequest
from credit.decision_log.log import DecisionLog
from testing.decisions import make_record
from uuid import uuid4
log = DecisionLog(sys.argv[1], Path(sys.argv[2]))
writer, answered = Writer(log), [0]
def note(recorded):
    answered[0] += 1
    if answered[0] == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
while True:
    keys = [uuid4().hex if i % 7 == 0 else None for i in range(3)]
    writer.put(WriteRequest([[make_record(id=uuid4().hex, idempotency_key=key)] for key in keys], note))
"""
    for answers in (1, 40, 300):
        command = [sys.executable, "-c", code, str(empty), str(tmp_path / "state"), str(answers), str(ROOT)]
        assert subprocess.run(command, check=False, cwd=ROOT).returncode == -signal.SIGKILL
    spool = Database(f"sqlite:///{tmp_path}/state/spool.db")
    report = verify_databases([spool, empty], None)[0]
    assert (report.findings, report.writers) == ([], 3)
    assert report.rows >= 3 * (1 + 40 + 300)
    spool.close()

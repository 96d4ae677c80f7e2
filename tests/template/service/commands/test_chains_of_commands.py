"""Commands that note events have one chain, and what no service announced is a finding until somebody accepts it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from credit.common.errors import CreditError
from credit.decision_log.integrity.append import Appender
from credit.decision_log.integrity.chain import DECISIONS, EVENTS, Chain
from credit.decision_log.integrity.checkpointing import CheckpointWriter
from credit.decision_log.integrity.checkpoints import note_announcements
from credit.decision_log.integrity.confirmed import find_ranges
from credit.decision_log.integrity.continuing import find_end
from credit.decision_log.integrity.findings import TableReport, describe_report
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.people.erasure import erase_applicant
from credit.decision_log.people.events import build_event
from credit.decision_log.tables import EVENTS_TABLE
from credit.registry.store import Store
from service.__main__ import main
from service.people.opened_log import note_reading
from service.settings import load_settings
from testing.decisions import make_record, write_each


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DecisionLog:
    """A log where the subcommands look for it."""
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path))
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path / "store"))
    return DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def verify(log: DecisionLog, store: Store) -> dict[str, TableReport]:
    return {one.table: one for one in verify_databases([log.spool, log.database], store)}


def note(number: int) -> None:
    for _ in range(number):
        note_reading(load_settings(), "export", {"target": "parquet"})


def list_places(log: DecisionLog) -> list[tuple[str, int]]:
    query = select(EVENTS_TABLE.c.writer, EVENTS_TABLE.c.sequence).order_by(EVENTS_TABLE.c.happened_at)
    with log.database.begin_read() as connection:
        return [(writer, place) for writer, place in connection.execute(query)]


def add_forged(log: DecisionLog, **values: Any) -> dict[str, Any]:
    """Add a decision in a chain of its own, as somebody would who knows the code."""
    row = make_record(**values)
    Chain(DECISIONS).link([row])
    log.database.add([row])
    return row


def test_commands_have_one_chain(log: DecisionLog, store: Store) -> None:
    note(4)
    assert [place for _, place in list_places(log)] == [1, 2, 3, 4]
    assert len({writer for writer, _ in list_places(log)}) == 1
    report = verify(log, store)["events"]
    assert (report.findings, report.writers, report.beyond_checkpoint, report.unknown) == ([], 1, 0, 0)


def test_a_row_that_was_put_behind_the_end_is_not_covered_by_the_next_command(log: DecisionLog, store: Store) -> None:
    note(2)
    ((writer, place),) = list_places(log)[-1:]
    head = find_end(log.database, store, load_settings().environment, datetime.now(UTC))
    assert (head.writer, head.sequence) == (writer, place)
    Appender(log.database, EVENTS, head).append(build_event("erase", "forger", None, {"rows": []}))
    note(2)
    places = list_places(log)
    assert [place for _, place in places] == [1, 2, 3, 1, 2]
    assert len({writer for writer, _ in places}) == 2
    report = verify(log, store)["events"]
    assert (report.findings, report.beyond_checkpoint) == ([], 1)


def test_an_end_that_was_altered_is_named_though_commands_went_on(log: DecisionLog, store: Store) -> None:
    note(2)
    last = (EVENTS_TABLE.c.writer, EVENTS_TABLE.c.sequence)
    with log.database.begin_write() as connection:
        changed = update(EVENTS_TABLE).where(last[0] == list_places(log)[0][0], last[1] == 2)
        connection.execute(changed.values(caller="nobody"))
    note(1)
    assert [(one.kind, one.place) for one in verify(log, store)["events"].findings] == [("altered", 2)]


def test_two_commands_at_once_do_not_claim_the_same_place(log: DecisionLog, store: Store) -> None:
    note(1)
    head = find_end(log.database, store, load_settings().environment, datetime.now(UTC))
    both = [Appender(log.database, EVENTS, head) for _ in range(2)]
    for turn in range(4):
        both[turn % 2].append(build_event("look_up", f"analyst-{turn}", None, {}))
    assert [place for _, place in list_places(log)] == [1, 2, 1, 3, 2]
    CheckpointWriter([one.chain for one in both], lambda: store, "prod").write()
    report = verify(log, store)["events"]
    assert (report.findings, report.writers, report.beyond_checkpoint) == ([], 2, 0)


def test_without_the_store_a_command_notes_what_it_does_in_a_chain_of_its_own(
    log: DecisionLog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path / "away"))
    note(2)
    assert [place for _, place in list_places(log)] == [1, 1]


def test_a_chain_that_no_service_announced_is_a_finding(log: DecisionLog, store: Store) -> None:
    """But not from before services did so, nor in its first minutes; of a time to come it is one."""
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    begun = datetime.now(UTC)
    write_each(log, [make_record(decided_at=begun)])
    add_forged(log, decided_at=begun - timedelta(days=1))
    assert not verify(log, store)["decisions"].found, "killed after its announcement, a service leaves no finding"
    forged = add_forged(log, decided_at=begun + timedelta(hours=1))
    report = verify(log, store)["decisions"]
    assert [(one.kind, one.id) for one in report.findings] == [("inserted", forged["id"])]
    assert (report.unknown, report.beyond_checkpoint) == (2, 1)


def test_a_finding_with_an_honest_cause_is_accepted_by_a_command_that_leaves_a_trace(
    log: DecisionLog, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    row = add_forged(log, decided_at=datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(SystemExit) as ended:
        main(["accept", row["id"], "--reason", "The store was away"])
    assert (ended.value.code, "accepted up to place 1, nothing behind it" in capsys.readouterr().out) == (0, True)
    report = verify(log, store)["decisions"]
    assert (report.found, report.accepted, report.unknown) == (0, 1, 0)
    with log.database.begin_read() as connection:
        events = connection.execute(select(EVENTS_TABLE.c.kind, EVENTS_TABLE.c.detail)).all()
    assert [(kind, detail["reason"]) for kind, detail in events] == [("accept", "The store was away")]
    folder = "log/accepted/decisions"
    kept = [store.read(f"{folder}/{name}") or b"" for name in store.list_children(folder)[1]]
    assert [b"The store was away" in one for one in kept] == [True]
    store.create(f"{folder}/of-somebody-else.json", b"{}")
    assert not verify(log, store)["decisions"].found


def accept(identifier: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["accept", identifier, "--reason", "The store was away"])
    assert ended.value.code == 0


def test_rows_behind_the_accepted_one_are_a_finding_still(log: DecisionLog, store: Store) -> None:
    """The finding names the last row, so that a whole chain is accepted at once, and no row that came since."""
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    chain, moment = Chain(DECISIONS), datetime.now(UTC) + timedelta(hours=1)
    rows = [make_record(decided_at=moment) for _ in range(5)]
    for row in rows:
        chain.link([row])
        chain.advance([row])
    log.database.add(rows[:3])
    (finding,) = verify(log, store)["decisions"].findings
    assert (finding.id, f"up to {rows[2]['id']} at place 3" in finding.text) == (rows[0]["id"], True)
    log.database.add(rows[3:])
    accept(rows[2]["id"])
    report = verify(log, store)["decisions"]
    (finding,) = report.findings
    assert (finding.id, f"up to {rows[4]['id']} at place 5" in finding.text) == (rows[3]["id"], True)
    assert (report.accepted, report.unknown) == (3, 2)
    accept(rows[4]["id"])
    report = verify(log, store)["decisions"]
    assert (report.found, report.accepted, report.unknown, report.beyond_checkpoint) == (0, 5, 0, 0)


def test_of_a_chain_that_commands_share_only_what_no_checkpoint_covers_is_accepted_by_hand(
    log: DecisionLog, store: Store
) -> None:
    note(2)
    head = find_end(log.database, store, load_settings().environment, datetime.now(UTC))
    killed = build_event("look_up", "analyst", None, {})
    Appender(log.database, EVENTS, head).append(killed)
    note(1)
    accept(killed["id"])
    note(2)
    report = verify(log, store)["events"]
    assert (report.found, report.accepted, report.beyond_checkpoint, report.unknown) == (0, 1, 0, 0)


def test_an_erasure_that_was_killed_before_its_checkpoint_is_accepted_by_the_event_that_is_named(
    log: DecisionLog, store: Store
) -> None:
    write_each(log, [make_record(applicant="a" * 64), make_record(applicant="a" * 64)])
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    erase_applicant(Appender(log.database, EVENTS), "a" * 64, "officer", "asked for")
    report = verify(log, store)["decisions"]
    assert (report.found, report.erased, report.unconfirmed) == (0, 2, 2)
    assert f"2 of these by an event that no checkpoint covers, {report.unconfirmed_by}" in describe_report(report)
    accept(report.unconfirmed_by)
    report = verify(log, store)["decisions"]
    assert (report.found, report.erased, report.unconfirmed) == (0, 2, 0)


def test_what_a_service_has_covered_is_not_accepted_and_nothing_is_accepted_twice_over(
    log: DecisionLog, store: Store
) -> None:
    rows = write_each(log, [make_record(), make_record()])
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    for row in rows:
        with pytest.raises(CreditError, match="a checkpoint of a service covers it already, that of place 2"):
            main(["accept", row["id"], "--reason", "So be it"])
    assert store.list_children("log/accepted") == ([], [])
    later = write_each(log, [make_record()])
    accept(later[0]["id"])
    assert verify(log, store)["decisions"].accepted == 1


def test_an_acceptance_without_its_checkpoint_covers_nothing(log: DecisionLog, store: Store) -> None:
    """As of a command that was killed between the two."""
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    row = add_forged(log, decided_at=datetime.now(UTC) + timedelta(hours=1))
    accept(row["id"])
    for name in store.list_children(f"log/decisions/{row['writer']}")[1]:
        store.delete(f"log/decisions/{row['writer']}/{name}")
    report = verify(log, store)["decisions"]
    assert (report.found, report.accepted) == (1, 0)


def test_a_chain_that_is_not_whole_is_not_accepted(log: DecisionLog, store: Store) -> None:
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    rows = write_each(log, [make_record() for _ in range(3)])
    with log.database.begin_write() as connection:
        connection.execute(DECISIONS.table.delete().where(DECISIONS.table.c.id == rows[1]["id"]))
    with pytest.raises(CreditError, match="rows before it are missing"):
        main(["accept", rows[2]["id"], "--reason", "So be it"])
    with pytest.raises(CreditError, match="no row of a chain has this id"):
        main(["accept", "0" * 32, "--reason", "So be it"])
    assert store.list_children("log/accepted") == ([], [])


@pytest.mark.parametrize("is_accepted_first", [True, False])
def test_a_chain_whose_beginning_went_by_its_age_is_accepted_and_its_rows_are_counted_once(
    log: DecisionLog,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_accepted_first: bool,
) -> None:
    note_announcements(store)
    monkeypatch.setenv("SERVICE_REMOVAL_MONTHS", "1")
    soon = datetime.now(UTC) + timedelta(hours=1)
    rows = write_each(log, [make_record(decided_at=soon - timedelta(days=days)) for days in (100, 99, 0, 0)])
    if is_accepted_first:
        accept(rows[3]["id"])
    with pytest.raises(SystemExit) as ended:
        main(["expire"])
    assert (ended.value.code, "2 decisions of prod" in capsys.readouterr().out) == (0, True)
    if not is_accepted_first:
        (finding,) = verify(log, store)["decisions"].findings
        assert f"up to {rows[3]['id']} at place 4" in finding.text
        accept(rows[3]["id"])
    report = verify(log, store)["decisions"]
    assert (report.found, report.rows, report.removed, report.accepted, report.unknown) == (0, 2, 2, 2, 0)


def test_a_gap_that_only_an_event_explains_keeps_a_chain_from_being_accepted(log: DecisionLog, store: Store) -> None:
    """Whoever writes the database can add such an event, and no announcement to the store."""
    rows = write_each(log, [make_record() for _ in range(3)])
    with log.database.begin_write() as connection:
        ranges = find_ranges(connection, [DECISIONS.table.c.id == rows[0]["id"]])
        connection.execute(DECISIONS.table.delete().where(DECISIONS.table.c.id == rows[0]["id"]))
    detail = {"before": datetime.now(UTC).isoformat(), "decisions": 1, "ranges": ranges}
    Appender(log.database, EVENTS).append(build_event("remove", "forger", None, detail))
    with pytest.raises(CreditError, match="rows before it are missing"):
        main(["accept", rows[2]["id"], "--reason", "So be it"])

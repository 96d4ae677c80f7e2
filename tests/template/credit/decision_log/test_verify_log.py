"""Tampering shows: whatever is done to rows of the log is found, and the first row of it is named."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from credit.decision_log.integrity import checkpointing, reading
from credit.decision_log.integrity.append import Appender
from credit.decision_log.integrity.chain import DECISIONS, EVENTS, Chain
from credit.decision_log.integrity.checkpointing import CheckpointThread, CheckpointWriter
from credit.decision_log.integrity.checkpoints import list_checkpointed_writers
from credit.decision_log.integrity.findings import Finding, TableReport, describe_report
from credit.decision_log.integrity.removed import RemovedRange
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.people.erasure import erase_decisions
from credit.decision_log.people.events import build_event
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE
from credit.registry.store import Store
from testing.decisions import make_record, write_each
from testing.parts.servers import wait_until

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 12
TAMPERED = 5  # the place, from 1, of the row that is tampered with


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecisionLog]:
    """A log with some decisions of one writer, in SQLite and in PostgreSQL."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url
    made = DecisionLog(url, tmp_path / "state")
    write_each(made, make_rows(ROWS))
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def make_rows(number: int) -> list[dict[str, Any]]:
    """Make decisions a minute apart, each with other values in every column."""
    return [
        make_record(
            decided_at=BEGIN + timedelta(minutes=i),
            score=0.1 + i / 1000,
            inputs={"income": 0.1 + i, "big": 2**53 + i, "home": None, "text": f"\x00 \U0001f600 {i}"},
            protected={"race": "Black" if i % 2 else "white"},
            idempotency_key=f"{i:064x}",
            fingerprint=f"{i:x}" * 64,
            applicant=f"{i:x}" * 64,
            rule_because=f"because of {i}",
        )
        for i in range(number)
    ]


def verify(log: DecisionLog, store: Store | None = None, **when: Any) -> TableReport:
    return verify_databases([log.spool, log.database], store, **when)[0]


def first(report: TableReport) -> Finding:
    assert report.found == len(report.findings)
    return report.findings[0]


def change(log: DecisionLog, place: int, **values: Any) -> str:
    """Change the row at a place; its id before."""
    where = DECISIONS_TABLE.c.sequence == place
    with log.database.begin_write() as connection:
        identifier: str = connection.execute(select(DECISIONS_TABLE.c.id).where(where)).scalar_one()
        connection.execute(update(DECISIONS_TABLE).where(where).values(**values))
    return identifier


def read(log: DecisionLog, place: int) -> dict[str, Any]:
    with log.database.begin_read() as connection:
        return dict(
            connection.execute(select(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == place)).one()._mapping
        )


def hash_anew(log: DecisionLog, row: dict[str, Any]) -> dict[str, Any]:
    """Hash a row as somebody would who knows the code."""
    chain = Chain(DECISIONS)
    head = chain.heads[-1]._replace(writer=row["writer"], sequence=row["sequence"] - 1, row_hash=row["previous"])
    chain.heads[-1] = head
    chain.link([row])
    return row


def test_a_log_is_as_it_was_written(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_ROWS", 5)
    report = verify(log)
    assert (report.findings, report.rows, report.writers, report.unchained) == ([], ROWS, 1, 0)
    tables = [one.table for one in verify_databases([log.database], None)]
    assert tables == ["decisions", "outcomes", "events", "shadows"]


OTHER_VALUES: dict[str, Any] = {
    "id": "f" * 32,
    "reason_codes": ["shoes.too_low"],
    "language": "de",
    "decided_at": BEGIN + timedelta(minutes=TAMPERED, microseconds=1),
    "decision": "approve",
    "score": 0.104 + 1e-15,
    "reasons": ["Your shoes"],
    "decided_by": "rule",
    "rule_because": None,
    "version": "v1.0.1",
    "digest": "e" * 64,
    "entry": 2,
    "inputs": {"income": 4.1, "big": 2**53 + 4, "home": "own", "text": "\x00 \U0001f600 4"},
    "protected": {"race": "Black"},
    "caller": "somebody",
    "idempotency_key": None,
    "repeat_of": "e" * 32,
    "repeated_key": "e" * 64,
    "environment": "staging",
    "fingerprint": None,
    "applicant": "9" * 64,
    "writer": "e" * 32,
    "sequence": 1_000,
    "previous": "e" * 64,
    "salt": "e" * 32,
    "personal_hash": "e" * 64,
    "row_hash": "e" * 64,
    "erased_by": "e" * 32,
}


def test_every_column_of_a_decision_is_tampered_with_below() -> None:
    assert set(OTHER_VALUES) == set(DECISIONS_TABLE.columns.keys())


@pytest.mark.parametrize("column", OTHER_VALUES)
def test_a_value_that_was_altered_names_its_row(log: DecisionLog, column: str) -> None:
    identifier = change(log, TAMPERED, **{column: OTHER_VALUES[column]})
    named = {finding.id for finding in verify(log).findings}
    assert (OTHER_VALUES["id"] if column == "id" else identifier) in named
    if column not in ("writer", "sequence"):  # with these the row leaves its place, which is missing then
        assert first(verify(log)).kind == "altered"
        assert first(verify(log)).place == TAMPERED


def test_the_reasons_of_another_applicant_copied_in_are_seen(log: DecisionLog) -> None:
    change(log, TAMPERED + 2, reasons=["Your shoes"])
    copied = {
        name: read(log, 2)[name] for name in ("inputs", "protected", "reasons", "decision", "salt", "personal_hash")
    }
    identifier = change(log, TAMPERED, **copied)
    assert (first(verify(log)).kind, first(verify(log)).id) == ("altered", identifier)


def test_an_erasure_that_no_event_names_is_none(log: DecisionLog) -> None:
    nothing = {"inputs": None, "protected": None, "applicant": None, "fingerprint": None, "salt": None}
    identifier = change(log, TAMPERED, **nothing, erased_by="e" * 32)
    assert (first(verify(log)).kind, first(verify(log)).id) == ("altered", identifier)


@pytest.mark.parametrize(("places", "gone"), [([TAMPERED], 1), ([3, 4, 5], 3), ([1], 1)])
def test_a_deleted_row_leaves_a_trace(log: DecisionLog, places: list[int], gone: int) -> None:
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence.in_(places)))
    found = first(verify(log))
    assert (found.kind, found.place, found.id) == ("deleted", places[0], read(log, places[-1] + 1)["id"])
    assert found.text.startswith(f"{gone} rows before it are missing")


def test_a_deleted_row_leaves_a_trace_though_the_places_were_closed(log: DecisionLog) -> None:
    before = read(log, TAMPERED - 1)["id"]
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == TAMPERED))
        closed = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence > TAMPERED)
        connection.execute(closed.values(sequence=DECISIONS_TABLE.c.sequence - 1))
    assert (first(verify(log)).id, "gone" in first(verify(log)).text) == (before, True)


def test_a_chain_without_its_first_row_leaves_a_trace_though_the_places_were_closed(log: DecisionLog) -> None:
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 1))
        connection.execute(update(DECISIONS_TABLE).values(sequence=DECISIONS_TABLE.c.sequence - 1))
    assert (first(verify(log)).kind, first(verify(log)).id) == ("deleted", read(log, 1)["id"])


@pytest.mark.parametrize("is_moved", [False, True])
def test_an_inserted_row_is_named(log: DecisionLog, is_moved: bool) -> None:
    """At a place that is taken, or in a place that was made for it."""
    forged = hash_anew(log, read(log, TAMPERED) | {"id": "e" * 32, "idempotency_key": None, "decision": "approve"})
    with log.database.begin_write() as connection:
        if is_moved:
            later = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence >= TAMPERED)
            connection.execute(later.values(sequence=DECISIONS_TABLE.c.sequence + 1))
        connection.execute(insert(DECISIONS_TABLE).values(**forged))
    assert (first(verify(log)).kind, first(verify(log)).id) == ("inserted", "e" * 32)


def test_rows_that_changed_places_are_named(log: DecisionLog) -> None:
    moved = read(log, 9)["id"]
    change(log, TAMPERED, sequence=1_000)
    change(log, 9, sequence=TAMPERED)
    change(log, 1_000, sequence=9)
    report = verify(log)
    assert (report.findings[0].kind, report.findings[0].id, report.findings[0].place) == ("reordered", moved, TAMPERED)


def test_a_row_that_was_hashed_anew_is_named_by_the_one_after_it(log: DecisionLog) -> None:
    row = hash_anew(log, read(log, TAMPERED) | {"decision": "approve"})
    change(log, TAMPERED, **row)
    assert (first(verify(log)).kind, first(verify(log)).id) == ("altered", row["id"])


def test_a_row_without_a_chain_is_told_apart_from_one_that_was_slipped_in(log: DecisionLog) -> None:
    old, forged = (
        make_record(decided_at=BEGIN - timedelta(days=9)),
        make_record(decided_at=BEGIN + timedelta(seconds=9)),
    )
    log.database.add([old])
    assert (verify(log).findings, verify(log).unchained) == ([], 1)
    log.database.add([forged])
    assert (first(verify(log)).kind, first(verify(log)).id) == ("inserted", forged["id"])


def rewrite_from(log: DecisionLog, place: int) -> None:
    """Alter a row and hash it and all rows after it anew."""
    rows = [read(log, later) for later in range(place, ROWS + 1)]
    rows[0]["decision"] = "approve"
    for i, row in enumerate(rows):
        if i:
            row["previous"] = rows[i - 1]["row_hash"]
        change(log, row["sequence"], **hash_anew(log, row))


def test_a_chain_that_was_hashed_anew_to_its_end_shows_at_the_checkpoint_in_the_store(
    log: DecisionLog, store: Store
) -> None:
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    assert (verify(log, store).findings, verify(log, store).checkpoints) == ([], 1)
    assert verify(log, store).beyond_checkpoint == 0
    rewrite_from(log, TAMPERED)
    assert verify(log).findings == []
    assert (first(verify(log, store)).kind, first(verify(log, store)).place) == ("rewritten", ROWS)
    row = read(log, ROWS)
    other = f"log/decisions/{row['writer']}/{ROWS:012d}-{row['row_hash']}.json"
    assert store.create(other, b"{}"), "a checkpoint beside the first one, which cannot be overwritten"
    assert first(verify(log, store)).kind == "rewritten"


@pytest.mark.parametrize("last", [0, 7])
def test_an_end_that_was_cut_off_shows_at_the_checkpoint_in_the_store(
    log: DecisionLog, store: Store, last: int
) -> None:
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence > last))
    assert verify(log).findings == []
    found = first(verify(log, store))
    assert (found.kind, found.place) == ("deleted", last + 1)
    assert str(found).startswith("deleted: decisions at the end, row")


def test_a_range_is_checked_without_the_rest(log: DecisionLog) -> None:
    change(log, 2, decision="approve")
    identifier = change(log, 11, decision="approve")
    inside = verify(log, since=BEGIN + timedelta(minutes=3), until=BEGIN + timedelta(minutes=9))
    assert (inside.findings, inside.rows) == ([], 6)
    after = verify(log, since=BEGIN + timedelta(minutes=3))
    assert (first(after).id, after.rows) == (identifier, ROWS - 3)
    assert verify(log, until=BEGIN).rows == 0


def test_decisions_that_wait_in_the_spool_are_not_missing(log: DecisionLog) -> None:
    log.problem = "away"
    write_each(log, [make_record(decided_at=BEGIN + timedelta(hours=1)) for _ in range(3)])
    assert (verify(log).findings, verify(log).rows) == ([], ROWS + 3)
    log.recover()
    write_each(log, [make_record(decided_at=BEGIN + timedelta(hours=2))])
    assert (verify(log).findings, verify(log).rows, log.count_spooled()) == ([], ROWS + 4, 0)


def test_a_repeat_that_was_recognised_late_is_as_it_was_written_until_it_is_said_to_repeat_another(
    log: DecisionLog, tmp_path: Path
) -> None:
    holder = read(log, 3)
    repeat = make_record(idempotency_key=holder["idempotency_key"], fingerprint=holder["fingerprint"])
    elsewhere = DecisionLog(str(log.database), tmp_path / "elsewhere")
    elsewhere.problem = "away"
    write_each(elsewhere, [repeat])
    elsewhere.recover()
    elsewhere.close()
    assert (verify(log).findings, verify(log).writers) == ([], 2)
    with log.database.begin_write() as connection:
        one = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == repeat["id"])
        connection.execute(one.values(repeat_of=read(log, 4)["id"]))
    assert first(verify(log)).id == repeat["id"]


def test_moments_are_hashed_the_same_wherever_the_database_is(log: DecisionLog) -> None:
    if log.database.engine.dialect.name == "postgresql":
        with log.database.begin_write() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f"ALTER DATABASE {name} SET timezone TO 'Asia/Kathmandu'"))
    log.database.close()
    assert verify(log).findings == []


def delete_and_explain(log: DecisionLog, places: tuple[int, int], chain: Chain) -> dict[str, Any]:
    """Delete decisions, and put an event into a chain by which they were removed by their age; returns the event."""
    (first, last), columns = places, DECISIONS_TABLE.c
    gone = RemovedRange(
        read(log, first)["writer"], first, last, read(log, first)["previous"], read(log, last)["row_hash"]
    )
    detail = {"before": "2027-01-01T00:00:00+00:00", "decisions": last - first + 1, "ranges": [gone]}
    event = build_event("remove", "root", None, detail)
    chain.link([event])
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(columns.sequence.between(first, last)))
        connection.execute(insert(EVENTS_TABLE).values(**event))
    return event


@pytest.mark.parametrize("chain", ["new", "after its checkpoint", "at a place before the first"])
def test_deleted_decisions_are_not_explained_by_an_event_that_the_store_does_not_confirm(
    log: DecisionLog, store: Store, chain: str
) -> None:
    """Whoever can write the database can chain an event too: anew, or behind others, wherever it ends."""
    log.events.append(build_event("look_up", "officer", "prod", {}, "d" * 32))
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    forged = Chain(EVENTS)
    if chain != "new":
        forged.heads[-1] = log.events.chain.heads[-1]
    if chain.startswith("at"):
        forged.heads[-1] = forged.heads[-1]._replace(sequence=-1)
    event = delete_and_explain(log, (4, 7), forged)
    decisions, _, events, _ = verify_databases([log.spool, log.database], store)
    assert [(one.kind, one.place) for one in decisions.findings] == [("deleted", 4)]
    assert {one.id for one in events.findings} >= {event["id"]}
    assert (decisions.removed, "removed by" in describe_report(decisions)) == (0, False)
    alone = verify_databases([log.spool, log.database], None)[0]
    assert (alone.findings, alone.removed) == ([], 4), "without a store it can only be counted"
    assert "4 said to be removed by their age" in describe_report(alone)


def test_what_the_store_knows_nothing_of_is_counted_apart(log: DecisionLog, store: Store) -> None:
    """A decision in a chain of somebody else, and an erasure that nobody asked for."""
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    identifiers = [read(log, place)["id"] for place in (2, 3)]
    erase_decisions(log.events, identifiers[:1], "erase", "officer", {"reason": "Asked for"})
    CheckpointWriter([log.events.chain], lambda: store, "prod").write()
    erase_decisions(Appender(log.database, EVENTS), identifiers[1:], "erase", "root", {"reason": "Asked for"})
    forged = make_record(decided_at=BEGIN, decision="approve")
    Chain(DECISIONS).link([forged])
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE).values(**forged))
    report = verify(log, store)
    assert (report.findings, report.unknown, report.beyond_checkpoint) == ([], 1, 0)
    assert (report.erased, report.unconfirmed) == (2, 1)
    assert "; 1 in chains that have no checkpoint at all; 2 erased" in describe_report(report)
    assert (verify(log).unconfirmed, verify(log).unknown) == (0, 0), "without a store nothing is known of either"


@pytest.mark.parametrize("place", [0, -1, None])
@pytest.mark.parametrize("is_own", [False, True])
def test_a_row_at_no_place_that_a_writer_has_is_named(log: DecisionLog, place: int | None, is_own: bool) -> None:
    forged = make_record(decided_at=BEGIN - timedelta(days=9))
    Chain(DECISIONS).link([forged])
    forged |= {"sequence": place, **({} if is_own else {"writer": read(log, 1)["writer"]})}
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE).values(**forged))
    assert first(verify(log)).id == forged["id"]


def test_chains_are_announced_before_their_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store is away as soon as it is back; that it is away is no problem before there are rows."""
    monkeypatch.setattr(checkpointing, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(checkpointing, "_NEW_SECONDS", 0.01)
    asked: list[None] = []

    def open_store() -> Store:
        asked.append(None)
        return Store(str(tmp_path / "store"), make=False)

    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    thread = CheckpointThread(CheckpointWriter(log.chains, open_store, "prod"), 86_400)
    wait_until(lambda: len(asked) > 2, "attempts while the store is away")
    assert thread.problem is None
    store = Store(str(tmp_path / "store"))
    wait_until(lambda: list_checkpointed_writers(store, "shadows") != [], "the announcement of the last chain")
    write_each(log, make_rows(2))
    report = verify(log, store)
    assert (report.unknown, report.beyond_checkpoint, report.writers) == (0, 2, 1)
    assert verify_databases([log.database], store)[1].writers == 0, "a chain without rows is no writer"
    thread.close()
    assert verify(log, store).beyond_checkpoint == 0
    log.close()


def test_a_chain_has_a_checkpoint_soon_after_its_first_row(log: DecisionLog, store: Store) -> None:
    thread = CheckpointThread(CheckpointWriter(log.chains, lambda: store, "prod"), 86_400)
    wait_until(lambda: verify(log, store).checkpoints == 1, "the first checkpoint")
    log.chain.restart()
    write_each(log, [make_record(decided_at=BEGIN + timedelta(hours=1))])
    wait_until(lambda: verify(log, store).unknown == 0, "one of the chain that began")
    thread.close()
    assert verify(log, store).checkpoints == 2


JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",))),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inputs=st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), JSON_VALUES), score=st.floats(0, 1))
def test_whatever_was_asked_has_the_same_hash_when_it_is_read(
    log: DecisionLog, inputs: dict[str, Any], score: float
) -> None:
    """In SQLite and PostgreSQL; a row whose hash came out otherwise would be called altered."""
    write_each(log, [make_record(inputs=inputs, protected=inputs, score=score, decided_at=BEGIN + timedelta(days=1))])
    assert verify(log, since=BEGIN + timedelta(days=1)).findings == []
    assert json.loads(json.dumps(inputs)) == inputs


Attack = Callable[[DecisionLog, int, int], None]


def swap(log: DecisionLog, one: int, other: int) -> None:
    change(log, one, sequence=10_000)
    change(log, other, sequence=one)
    change(log, 10_000, sequence=other)


def remove(log: DecisionLog, one: int, _: int) -> None:
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == one))


def copy_decision(log: DecisionLog, one: int, other: int) -> None:
    change(log, one, inputs=read(log, other)["inputs"])


@pytest.mark.parametrize("attack", [swap, remove, copy_decision])
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(1, ROWS - 1), min_size=2, max_size=2, unique=True))
def test_the_first_finding_is_at_the_first_row_that_is_not_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, attack: Attack, places: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = DecisionLog(f"sqlite:///{folder}/log.db", folder)
    write_each(log, make_rows(ROWS))
    attack(log, *places)
    place = min(places) if attack is swap else places[0]
    assert verify(log).findings[0].place == place
    log.close()

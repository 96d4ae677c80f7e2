"""Each decision of a log is counted once and in order: over restarts, kills, gaps, several writers and databases."""

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, event, insert, update

from credit.bundle.rule_causes import NO_MODEL
from credit.common.errors import CreditError
from credit.contract.columns import Column
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.removal import remove_decisions
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.store import Store
from testing.decisions import make_record, write_each
from testing.parts.servers import Cluster
from watch.follower import UNKNOWN_VERSION, Follower
from watch.groups import WatchedGroups, list_watched_groups
from watch.judging import find_obstacles, list_gaps
from watch.state import RatioPoint, WatchState, open_state
from watch.streams import Judging

JUDGING = Judging(limit=0.8, alpha=0.01, horizon_days=180, failing_budget=0.05)
START = datetime(2026, 3, 2, tzinfo=UTC)
RACE = Column.model_validate(
    {
        "type": "category",
        "role": "protected",
        "allowed": ["white", "Black"],
        "reference": "white",
        "missing": "allowed",
        "description": "d",
    }
)
GROUPS = list_watched_groups({"race": RACE}, {"race": ["white", "Black", "undisclosed"]})


def find_groups(digest: str) -> WatchedGroups | None:
    return GROUPS if digest == "d" * 64 else None


def make_people(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Make decisions on so many people, of two entries, over three days."""
    rng = np.random.default_rng(seed)
    races = rng.choice(np.array(["white", "Black", None]), number, p=[0.6, 0.3, 0.1])
    return [
        make_record(
            decided_at=START + timedelta(minutes=4320 * place / number),
            decision=str(rng.choice(["approve", "deny", "refer"], p=[0.6, 0.3, 0.1])),
            entry=1 if place < number / 2 else 2,
            protected={"race": race},
        )
        for place, race in enumerate(races.tolist())
    ]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    made = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path / "service")
    yield made
    made.close()


def dump(state: WatchState) -> Any:
    streams = {f"{entry} {digest}": one.dump() for (entry, digest), one in state.streams.items()}
    return json.loads(json.dumps([streams, state.last, state.elsewhere]))


def assert_same(state: WatchState, expected: WatchState) -> None:
    """Compare all that is known; evidence that was multiplied in other parts differs in the last digits."""
    assert flatten(dump(state)) == pytest.approx(flatten(dump(expected)), rel=1e-9)


def flatten(content: Any) -> dict[str, float]:
    if isinstance(content, dict | list):
        parts = content.items() if isinstance(content, dict) else enumerate(content)
        return {f"{key}/{name}": value for key, part in parts for name, value in flatten(part).items()}
    return {"": content if isinstance(content, int | float) else hash(content)}


def follow_once(databases: list[Database], rows: int = 50_000) -> WatchState:
    follower = Follower("prod", JUDGING, find_groups)
    follower.catch_up(databases, rows)
    return follower.state


def test_a_watch_that_ends_after_each_batch_counts_everybody_once(log: DecisionLog, tmp_path: Path) -> None:
    people = make_people(1300)
    write_each(log, people)
    whole = follow_once([log.database])
    counted = [sum(of.counts[kind].values()) for of in whole.streams.values() for kind in ("approvals", "rule")]
    assert counted == [650, 0, 650, 0]
    black = whole.streams[1, "d" * 64].groups["approvals"]["race"]["Black"]
    assert black.people == sum(one["protected"]["race"] == "Black" for one in people[:650])
    looks = 0
    while True:
        with open_state(tmp_path / "watch", "prod") as file:
            follower = Follower("prod", JUDGING, find_groups, file)
            if not follower.advance([log.database], 500):
                break
            looks += 1
    assert looks == 3
    assert_same(follower.state, whole)


@pytest.mark.parametrize("statement", ["BEGIN", "INSERT OR REPLACE INTO cursors", "COMMIT", "after"])
def test_a_watch_that_is_killed_while_it_writes_counts_nobody_twice(
    log: DecisionLog, tmp_path: Path, statement: str
) -> None:
    """kill -9 before the state is written, in the middle of it, and when it is written."""
    write_each(log, make_people(1300))
    assert _run_in_child(lambda: _follow_until_killed(tmp_path, statement)) == -signal.SIGKILL
    with open_state(tmp_path / "watch", "prod") as file:
        follower = Follower("prod", JUDGING, find_groups, file)
        assert bool(follower.state.cursors) == (statement == "after")
        follower.catch_up([log.database])
    assert_same(follower.state, follow_once([log.database]))


def _follow_until_killed(folder: Path, statement: str) -> None:
    database = Database(f"sqlite:///{folder}/decisions.db", read_only=True)
    with open_state(folder / "watch", "prod") as file:
        if statement != "after":
            file._connection.set_trace_callback(lambda sql: kill_self() if sql.startswith(statement) else None)
        follower = Follower("prod", JUDGING, find_groups, file)
        follower.advance([database], 500)
        kill_self()


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _run_in_child(action: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            action()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_missing_rows_are_told_and_counted_when_they_come(log: DecisionLog) -> None:
    rows = write_each(log, make_people(600))
    whole = follow_once([log.database])
    with log.database.begin_write() as connection:
        late = rows[400:410]
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_([row["id"] for row in late])))
    follower = Follower("prod", JUDGING, find_groups)
    assert follower.catch_up([log.database]) == 590
    ((_, cursor),) = list_gaps(follower.state, 2)
    assert cursor.missing == 10
    (told,) = find_obstacles(follower.state, 2, START + timedelta(days=3), 24)
    assert told.startswith("10 decisions of the writer ")
    assert "the first one number 401:" in told
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), late[5:])
    assert follower.catch_up([log.database]) == 5
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), late[:5])
    assert follower.catch_up([log.database]) == 5
    assert follower.catch_up([log.database]) == 0
    assert list_gaps(follower.state, 0) == []
    assert [one.counts for one in follower.state.streams.values()] == [one.counts for one in whole.streams.values()]


def test_rows_that_were_removed_by_their_age_are_not_missing(log: DecisionLog, tmp_path: Path) -> None:
    """For a watch that begins later, and for one that had noted some of them as missing before they came and went."""
    people = make_people(300)
    for place, one in enumerate(people[:200]):
        one["decided_at"] = START - timedelta(days=40, minutes=-place)
    rows = write_each(log, people)
    with log.database.begin_write() as connection:
        gone = [row["id"] for row in [*rows[50:60], rows[250]]]
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_(gone)))
    with open_state(tmp_path / "watch", "prod") as file:
        early = Follower("prod", JUDGING, find_groups, file)
        early.catch_up([log.database])
        assert sum(cursor.missing for _, cursor in list_gaps(early.state, 0)) == 11
    with log.database.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), rows[50:60])
    store = Store(str(tmp_path / "store"))
    assert remove_decisions(log.database, log.events, START.replace(day=1), "cron", lambda: store).decisions == 200
    with open_state(tmp_path / "watch", "prod") as file:
        assert Follower("prod", JUDGING, find_groups, file).catch_up([log.database]) == 0
    with open_state(tmp_path / "watch", "prod") as file:
        noted = file.read(JUDGING)
    for state in (noted, follow_once([log.database])):
        ((_, cursor),) = list_gaps(state, 0)
        assert [(gap.first, gap.last) for gap in cursor.gaps] == [(251, 251)], "nobody removed this one"


def test_a_gap_before_the_live_entry_is_no_obstacle(log: DecisionLog) -> None:
    rows = write_each(log, make_people(600))
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == rows[100]["id"]))
    state = follow_once([log.database])
    assert len(list_gaps(state, 1)) == 1
    assert find_obstacles(state, 2, START + timedelta(days=3), 24) == []


def test_rows_of_a_spool_are_counted_once_while_they_move_to_the_database(log: DecisionLog, tmp_path: Path) -> None:
    rows = write_each(log, make_people(400))
    whole = follow_once([log.database])
    spool = Database(f"sqlite:///{tmp_path}/spool.db")
    spool.prepare()
    with spool.begin_write() as connection:
        connection.execute(insert(DECISIONS_TABLE), rows[200:])
    with log.database.begin_write() as connection:  # the first of them are in both
        gone = [row["id"] for row in rows[250:]]
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_(gone)))
    assert_same(follow_once([spool, log.database]), whole)
    spool.close()


def test_two_writers_are_merged_by_time_however_much_is_read_at_once(tmp_path: Path) -> None:
    people = make_people(2400)
    logs = [DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path / name) for name in ("a", "b")]
    alone = DecisionLog(f"sqlite:///{tmp_path}/alone.db", tmp_path / "c")
    write_each(alone, [dict(one) for one in people])
    for log, seed in zip(logs, (0, 1), strict=True):
        write_each(log, people[seed::2])
    expected = follow_once([alone.database])
    assert_same(follow_once([logs[0].database]), expected)
    assert_same(follow_once([logs[0].database], 700), expected)
    for log in [*logs, alone]:
        log.close()


def test_a_poll_without_news_is_one_query_however_many_writers_there_are(tmp_path: Path) -> None:
    asked: list[str] = []
    for number in range(5):
        log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path / str(number))
        write_each(log, make_people(20, number))
        log.close()
    database = Database(f"sqlite:///{tmp_path}/decisions.db", read_only=True)
    follower = Follower("prod", JUDGING, find_groups)
    assert follower.catch_up([database]) == 100
    event.listen(database.engine, "before_cursor_execute", lambda *called: asked.append(called[2]))
    assert follower.catch_up([database]) == 0
    database.close()
    assert len(asked) == 1


def test_ratios_are_kept_by_hour_for_two_weeks_and_by_day_before(tmp_path: Path) -> None:
    first, hours = 24 * 20_000, 24 * 20
    with open_state(tmp_path / "watch", "prod") as file:
        for hour in range(hours):
            for ratio in (0.5, 0.9):  # the later one of an hour stays
                file.note_ratios((1, "d"), [RatioPoint(first + hour, "race", "Black", ratio, 0.1, None)])
        file.note_ratios((2, "d"), [])
    with open_state(tmp_path / "watch", "prod") as file:
        found = file.read_ratios((1, "d"))
        assert file.read_ratios((2, "d")) == []
    assert {one.ratio for one in found} == {0.9}
    places = [one.hour - first for one in found]
    cut = hours - 1 - 24 * 14
    assert places == [*[day * 24 + 23 for day in range(cut // 24)], *range(cut, hours)]


def test_ratios_that_cannot_be_read_are_told_and_end_no_watch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_state(tmp_path / "watch", "prod") as file:
        with sqlite3.connect(tmp_path / "watch/prod.db") as other:
            other.execute("DROP TABLE ratios")
        assert file.read_ratios((1, "d")) == []
    assert "the ratios of the hours could not be read from" in caplog.text


def test_nobody_is_left_out_without_a_count(log: DecisionLog) -> None:
    people = make_people(8)
    for one in people:
        one["entry"] = 1
    people[0]["environment"] = "staging"
    people[1]["environment"] = None
    people[3] |= {"decided_by": "rule", "rule_because": NO_MODEL}
    people[4] |= {"decided_by": "rule", "rule_because": "the model gave no score"}
    people[5]["digest"] = "e" * 64
    rows = write_each(log, people)
    with log.database.begin_write() as connection:
        for number, change in ((6, {"erased_by": "x", "protected": None}), (7, {"repeat_of": "1"})):
            of = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == rows[number]["id"])
            connection.execute(of.values(**change))
    state = follow_once([log.database])
    assert state.elsewhere == 1
    streams, unknown = state.streams[1, "d" * 64], state.streams[1, "e" * 64]
    assert sum(streams.counts["approvals"].values()) == 3
    assert sum(streams.counts["rule"].values()) == 1
    assert streams.unjudged == {"erased": 1, "repeat": 1}
    assert unknown.unjudged == {UNKNOWN_VERSION: 1}
    (told,) = find_obstacles(state, 1, START + timedelta(days=3), 1e6)
    assert told == f"1 decisions by entry 1 are not judged: {UNKNOWN_VERSION}"


def test_a_value_that_the_contract_does_not_list_is_a_group_too(log: DecisionLog) -> None:
    write_each(log, [make_record(protected=one) for one in ({"race": "Martian"}, {}, {"race": None})])
    (streams,) = follow_once([log.database]).streams.values()
    watched = streams.groups["approvals"]["race"]
    assert {name: one.people for name, one in watched.items()} == {"white": 0, "Black": 0, "undisclosed": 2, "other": 1}
    assert streams.compared == 3


def test_evidence_about_another_limit_is_not_gone_on_with(log: DecisionLog, tmp_path: Path) -> None:
    write_each(log, make_people(600))
    for limit in (0.8, 0.9):
        judging = Judging(limit, 0.01, 180, 0.05)
        with open_state(tmp_path / "watch", "prod") as file:
            follower = Follower("prod", judging, find_groups, file)
            assert follower.state.cursors == {}
            assert follower.catch_up([log.database]) == 600
        with open_state(tmp_path / "watch", "prod") as file:
            assert_same(Follower("prod", judging, find_groups, file).state, follower.state)


def test_one_process_at_a_time_has_a_state_and_another_file_is_none(tmp_path: Path) -> None:
    other = open_state(tmp_path, "prod")
    with open_state(tmp_path, "prod"), pytest.raises(CreditError, match="another process has it"):
        other.__enter__()
    (tmp_path / "staging.db").write_text("no database " * 100)
    with pytest.raises(CreditError, match="no state of a watch"), open_state(tmp_path, "staging"):
        pass


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM facts WHERE name = 'last'",
        "UPDATE facts SET content = 'nothing'",
        "UPDATE cursors SET content = '{}'",
        "UPDATE streams SET content = '[1]'",
        "bytes",
    ],
)
def test_a_state_that_is_damaged_is_told_in_one_line(log: DecisionLog, tmp_path: Path, damage: str) -> None:
    write_each(log, make_people(600))
    with open_state(tmp_path / "watch", "prod") as file:
        Follower("prod", JUDGING, find_groups, file).catch_up([log.database])
    path = tmp_path / "watch/prod.db"
    if damage == "bytes":
        content = path.read_bytes()
        path.write_bytes(content.replace(b'"approvals"', b"\xff" * 11))
    else:
        with sqlite3.connect(path) as other:
            other.execute(damage)
    with open_state(tmp_path / "watch", "prod") as file, pytest.raises(CreditError) as raised:
        Follower("prod", JUDGING, find_groups, file)
    (problem,) = raised.value.problems
    assert problem.where == str(path)
    assert problem.found.startswith("no state of a watch: ")
    assert problem.fix == "move it away, and the log is read anew"


def test_what_could_not_be_written_is_written_with_the_next_batch(log: DecisionLog, tmp_path: Path) -> None:
    people = make_people(1200)
    write_each(log, people[:600])
    with open_state(tmp_path / "watch", "prod") as file:
        follower = Follower("prod", JUDGING, find_groups, file)
        file._connection.execute("PRAGMA query_only = on")
        with pytest.raises(CreditError, match="cannot be written"):
            follower.advance([log.database])
        file._connection.execute("PRAGMA query_only = off")
        write_each(log, people[600:])
        follower.catch_up([log.database])
    with open_state(tmp_path / "watch", "prod") as file:
        assert_same(Follower("prod", JUDGING, find_groups, file).state, follow_once([log.database]))


def test_without_a_decision_for_long_nothing_is_concluded(log: DecisionLog) -> None:
    assert find_obstacles(WatchState(), 1, START, 24) == ["the log has no decision yet"]
    write_each(log, make_people(10))
    state = follow_once([log.database])
    assert state.last is not None
    last = datetime.fromtimestamp(state.last, UTC)
    assert find_obstacles(state, 2, last + timedelta(hours=23), 24) == []
    (told,) = find_obstacles(state, 2, last + timedelta(hours=25), 24)
    assert told.startswith("no decision since 2026-03-04 ")


def test_to_begin_with_a_moment_leaves_out_what_was_before(log: DecisionLog) -> None:
    people = make_people(600)
    write_each(log, people)
    follower = Follower("prod", JUDGING, find_groups)
    follower.begin_with(people[450]["decided_at"])
    assert follower.catch_up([log.database]) == 150
    assert list_gaps(follower.state, 0) == []


def test_what_was_before_the_moment_is_not_counted_by_a_later_start_either(tmp_path: Path) -> None:
    """Each start of a service is a writer; of some there is nothing newer, some come when the watch is started anew."""
    people = make_people(600)
    logs = [DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path / name) for name in ("a", "b", "c")]
    since = people[450]["decided_at"]
    write_each(logs[0], people[:300])
    write_each(logs[1], people[300:400])
    database = logs[0].database
    with open_state(tmp_path / "watch", "prod") as file:
        Follower("prod", JUDGING, find_groups, file).begin_with(since)
    with open_state(tmp_path / "watch", "prod") as file:
        assert Follower("prod", JUDGING, find_groups, file).catch_up([database]) == 0
    write_each(logs[1], people[400:500])
    with open_state(tmp_path / "watch", "prod") as file:
        assert Follower("prod", JUDGING, find_groups, file).catch_up([database]) == 50
    write_each(logs[2], make_people(600, 1)[440:460])
    with open_state(tmp_path / "watch", "prod") as file:
        follower = Follower("prod", JUDGING, find_groups, file)
        assert follower.catch_up([database]) == 10
        assert list_gaps(follower.state, 0) == []
    with open_state(tmp_path / "watch", "prod") as file:
        assert Follower("prod", Judging(0.9, 0.01, 180, 0.05), find_groups, file).catch_up([database]) == 60
    for log in logs:
        log.close()


@pytest.mark.parametrize(("deleted", "gap"), [(slice(420, 470), (421, 470)), (slice(0, 460), (1, 460))])
def test_rows_that_may_be_of_after_the_moment_are_missing(
    log: DecisionLog, deleted: slice, gap: tuple[int, int]
) -> None:
    people = make_people(600)
    rows = write_each(log, people)
    with log.database.begin_write() as connection:
        gone = [row["id"] for row in rows[deleted]]
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_(gone)))
    follower = Follower("prod", JUDGING, find_groups)
    follower.begin_with(people[450]["decided_at"])
    follower.catch_up([log.database])
    ((_, cursor),) = list_gaps(follower.state, 0)
    assert [(one.first, one.last) for one in cursor.gaps] == [gap]


@pytest.mark.parametrize("rows", [500, 50_000])
def test_a_decision_that_is_dated_in_the_future_is_counted_and_moves_no_moment(tmp_path: Path, rows: int) -> None:
    """The clock of one machine is a year ahead for some decisions: the first one of a batch, some within, the last."""
    people, now = make_people(1300), START + timedelta(days=3)
    log, right = (DecisionLog(f"sqlite:///{tmp_path}/{name}.db", tmp_path / name) for name in ("fast", "right"))
    fast = [dict(one) for one in people]
    for place in (0, 499, 500, 501, 900, 1299):
        fast[place]["decided_at"] += timedelta(days=365)
    write_each(right, people)
    write_each(log, fast)
    follower = Follower("prod", JUDGING, find_groups)
    assert follower.catch_up([log.database], rows, now) == 1300
    state, expected = follower.state, follow_once([right.database])
    assert {key[0]: one.ahead for key, one in state.streams.items()} == {1: 4, 2: 2}
    assert state.last == people[1298]["decided_at"].replace(microsecond=0).timestamp()
    assert find_obstacles(state, 2, now, 24) == []
    (told,) = find_obstacles(state, 2, now + timedelta(days=2), 24)
    assert told.startswith("no decision since 2026-03-04 ")
    for key, streams in state.streams.items():
        of_right = expected.streams[key]
        assert streams.failures.evidence.day == of_right.failures.evidence.day
        streams.failures = of_right.failures  # within a day some are in the five minutes of the one before
        assert streams.ahead_at == now.timestamp()
        streams.ahead, streams.ahead_at = 0, None
        assert_same(WatchState(streams={key: streams}), WatchState(streams={key: of_right}))
    for one in (log, right):
        one.close()


def test_clocks_may_differ_by_minutes_and_a_log_that_is_all_of_the_future_is_of_no_moment(log: DecisionLog) -> None:
    people = make_people(20)
    write_each(log, people)
    last = people[-1]["decided_at"]
    near, far = Follower("prod", JUDGING, find_groups), Follower("prod", JUDGING, find_groups)
    near.catch_up([log.database], now=last - timedelta(minutes=59))
    assert [one.ahead for one in near.state.streams.values()] == [0, 0]
    far.catch_up([log.database], now=START - timedelta(days=1))
    assert sum(one.ahead for one in far.state.streams.values()) == 20
    told = find_obstacles(far.state, 2, START - timedelta(days=1), 24)
    assert told == ["every decision of the log is dated in the future"]
    near.state.last = last.timestamp() + 365 * 86_400  # as a watch left it that did not look at clocks
    near.catch_up([log.database], now=last)
    assert near.state.last == last.timestamp()


def test_postgresql_is_followed_as_sqlite_is(log: DecisionLog, server: Cluster, tmp_path: Path) -> None:
    people = make_people(300)
    for one in people:
        one["decided_at"] += timedelta(seconds=0.9)  # which PostgreSQL rounds
    other = DecisionLog(server.url, tmp_path / "other")
    for to in (log, other):
        write_each(to, [dict(one) for one in people])
    found, expected = follow_once([other.database]), follow_once([log.database])
    assert_same(found, expected)
    assert found.last == expected.last, "a second is within the tolerance of evidence"
    other.close()

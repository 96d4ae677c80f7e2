"""Decisions are shadowed after they were recorded: nothing waits for it, nothing is lost by it, all is counted."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from credit.common.errors import CreditError
from credit.decision_log.group_commit import WriteRequest
from credit.decision_log.log import DecisionLog
from credit.decision_log.shadows.recording import ShadowLog
from credit.decision_log.tables import SHADOWS_TABLE
from credit.registry.challenges import Challenge
from service.api.monitoring import describe_challenger
from service.shadow import shadows as shadowing
from service.shadow.challenger import Challenger, ChallengerError
from service.shadow.recorded import ShadowedWriter
from service.shadow.recorder import AnsweredApplication, RecordedShadows, ShadowDecision, ShadowRecorder
from service.shadow.shadows import Shadows
from testing.decisions import make_record
from testing.parts.servers import PATIENCE, wait_until

CHALLENGE = Challenge(
    environment="prod",
    number=3,
    kind="shadow",
    version="v9.0.0",
    digest="9" * 64,
    entry=1,
    reason="a test",
    actor="tester",
    time=datetime(2026, 1, 1, tzinfo=UTC),
)
NEXT = CHALLENGE.model_copy(update={"number": 5, "version": "v10.0.0", "digest": "a" * 64})
APPROVED = ShadowDecision("approve", 0.9, "model", None, has_failed=False)
FAILED = ShadowDecision("refer", 0.0, "rule", "the model failed (ValueError)", has_failed=True)


class PlantedChallenger(Challenger):
    """A challenger without a process of its own, which decides as it is told to."""

    def __init__(
        self, log: DecisionLog, decide: Callable[[Any], ShadowDecision], challenge: Challenge = CHALLENGE
    ) -> None:
        self.challenge, self.is_closed = challenge, False
        self._recorder = ShadowRecorder(ShadowLog(log.database, log.spool), challenge, decide)

    def shadow(self, batch: Sequence[AnsweredApplication], may_use_database: bool) -> RecordedShadows:
        self._recorder.decide(batch)
        return self._recorder.write(may_use_database)

    def close(self) -> None:
        self.is_closed = True


class Desk:
    """A log, its writer, and the shadows of what is written."""

    def __init__(self, state: Path) -> None:
        self.log = DecisionLog(f"sqlite:///{state}/decisions.db", state)
        self.counted: Counter[str] = Counter()
        self.shadows = Shadows(self.log, self._count)
        self.writer = ShadowedWriter(self.log, self.shadows)

    def _count(self, outcome: str, count: int) -> None:
        self.counted[outcome] += count

    def decide(self, *records: dict[str, Any]) -> list[Any]:
        """Record decisions, a request each; what those who wait for them are told, in this order.

        The shadows get them after that: returns when an empty request was answered, of a later transaction.
        """
        told: list[Any] = []
        is_told, is_done = threading.Event(), threading.Event()

        def hear(recorded: Any) -> None:
            told.extend([recorded] if isinstance(recorded, CreditError) else recorded)
            is_told.set()

        self.writer.put(WriteRequest([[record] for record in records], hear))
        assert is_told.wait(PATIENCE)
        self.writer.put(WriteRequest([], lambda _: is_done.set()))
        assert is_done.wait(PATIENCE)
        return told

    def read(self) -> list[dict[str, Any]]:
        with self.log.database.begin_read() as connection:
            rows = connection.execute(select(SHADOWS_TABLE).order_by(SHADOWS_TABLE.c.sequence))
            return [dict(row._mapping) for row in rows]

    def wait_for(self, **counts: int) -> None:
        wait_until(lambda: all(self.counted[name] == count for name, count in counts.items()), f"{counts}")

    def close(self) -> None:
        self.writer.close()
        self.shadows.close()
        self.log.close()


@contextmanager
def open_desk(state: Path) -> Iterator[Desk]:
    desk = Desk(state)
    try:
        yield desk
    finally:
        desk.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as made:
        yield made


def test_what_the_champion_decided_is_decided_beside_and_recorded_with_the_challenge(tmp_path: Path) -> None:
    champion = make_record()
    by_rule = make_record(decided_by="rule", rule_because="the model took longer than 0.2 s")
    own = make_record(digest=CHALLENGE.digest)
    with open_desk(tmp_path) as desk:
        desk.decide(make_record())
        desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
        desk.decide(champion, by_rule, own)
        desk.wait_for(scored=1)
        heads, rows = desk.log.shadows.chain.heads, desk.read()
    assert [row["decision_id"] for row in rows] == [champion["id"]]
    first = {name: rows[0][name] for name in ("challenge", "version", "entry", "decision", "score", "decided_by")}
    assert heads == [(rows[0]["writer"], 1, rows[0]["row_hash"])], "for the checkpoints"
    assert first == {"challenge": 3, "version": "v9.0.0", "entry": 1} | {
        "decision": "approve",
        "score": 0.9,
        "decided_by": "model",
    }


def test_the_ids_of_shadows_sort_by_time_so_that_few_pages_of_their_index_are_written(desk: Desk) -> None:
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    for count in range(1, 5):
        desk.decide(make_record())
        desk.wait_for(scored=count)
    ids = [row["id"] for row in desk.read()]
    assert ids == sorted(ids)
    assert len(set(ids)) == 4


def test_a_repeated_request_is_not_shadowed_again(desk: Desk) -> None:
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    key = {"idempotency_key": "k", "fingerprint": "f"}
    (first,) = desk.decide(make_record(**key))
    (second,) = desk.decide(make_record(**key))
    assert first[0]["id"] == second[0]["id"]
    desk.decide(make_record())
    desk.wait_for(scored=2)
    assert desk.counted == {"scored": 2}


def test_while_the_challenger_hangs_everybody_is_answered_and_who_finds_no_room_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "MAX_WAITING", 5)
    is_asked, is_let_go = threading.Event(), threading.Event()

    def hang(_: Any) -> ShadowDecision:
        is_asked.set()
        assert is_let_go.wait(PATIENCE)
        return APPROVED

    desk.shadows.begin(PlantedChallenger(desk.log, hang))
    desk.decide(make_record())
    assert is_asked.wait(PATIENCE)
    told = desk.decide(*[make_record() for _ in range(20)])
    assert len(told) == 20
    assert not any(isinstance(one, CreditError) for one in told)
    desk.wait_for(dropped=15)
    is_let_go.set()
    desk.wait_for(scored=6, dropped=15)


def test_a_challenger_that_ends_is_a_problem_and_no_application_goes_uncounted(desk: Desk) -> None:
    def end(_: Any) -> ShadowDecision:
        raise ChallengerError("its process ended")

    lost = PlantedChallenger(desk.log, end)
    desk.shadows.begin(lost)
    desk.decide(make_record(), make_record())
    desk.wait_for(failed=2)
    wait_until(lambda: desk.shadows.challenger is None, "that it is let go")
    assert lost.is_closed
    assert desk.shadows.problem == "the challenger v9.0.0 ended or took too long, and is loaded again"
    desk.decide(make_record())
    desk.wait_for(failed=2, dropped=1)
    desk.shadows.end()
    assert desk.shadows.problem is None
    desk.decide(make_record())
    assert desk.counted == {"failed": 2, "dropped": 1}, "without a challenge nobody is counted"


def test_a_fault_of_the_service_itself_is_counted_too_and_the_next_ones_are_decided(desk: Desk) -> None:
    answers: list[ShadowDecision | None] = [None]
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: answers[0]))  # type: ignore[arg-type,return-value]
    desk.decide(make_record(), make_record())
    desk.wait_for(failed=2)
    answers[0] = APPROVED
    desk.decide(make_record())
    desk.wait_for(failed=2, scored=1)


def test_one_that_fails_on_every_application_is_a_problem_and_one_that_does_not_is_none(desk: Desk) -> None:
    answers = [FAILED]
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: answers[0]))
    desk.decide(*[make_record() for _ in range(19)])
    desk.wait_for(failed=19)
    assert desk.shadows.problem is None, "of so few nothing is said"
    desk.decide(make_record())
    desk.wait_for(failed=20)
    assert desk.shadows.problem is not None
    assert "v9.0.0 failed on each of the last 20 applications" in desk.shadows.problem
    answers[0] = APPROVED
    desk.decide(make_record())
    desk.wait_for(failed=20, scored=1)
    assert desk.shadows.problem is None


def test_while_the_database_is_away_shadows_are_spooled_and_come_later(desk: Desk) -> None:
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    desk.log.problem = "no answer"
    desk.log.recover = lambda: False  # type: ignore[method-assign]  # the thread that would find it there again
    desk.decide(make_record())
    desk.wait_for(scored=1)
    assert desk.log.shadows.count_spooled() == 1
    assert desk.read() == []
    del desk.log.recover  # type: ignore[method-assign]
    wait_until(lambda: desk.log.shadows.count_spooled() == 0, "an empty spool")
    assert len(desk.read()) == 1


def test_an_end_lets_those_go_that_wait_and_counts_them(desk: Desk) -> None:
    is_asked, is_let_go = threading.Event(), threading.Event()

    def hang(_: Any) -> ShadowDecision:
        is_asked.set()
        assert is_let_go.wait(PATIENCE)
        raise ChallengerError("its pipe is closed")

    desk.shadows.begin(PlantedChallenger(desk.log, hang))
    desk.decide(make_record())
    assert is_asked.wait(PATIENCE)
    desk.decide(make_record(), make_record())
    desk.shadows.end()
    is_let_go.set()
    desk.wait_for(dropped=3)
    assert desk.counted == {"dropped": 3}
    assert (desk.shadows.challenger, desk.shadows.problem) == (None, None)


def test_who_waits_for_a_challenge_is_never_decided_for_the_one_after_it(desk: Desk) -> None:
    """Neither who waits when the next one begins, nor who is put at that moment by somebody who knows the old one."""
    is_asked, is_let_go = threading.Event(), threading.Event()

    def hang(_: Any) -> ShadowDecision:
        is_asked.set()
        assert is_let_go.wait(PATIENCE)
        raise ChallengerError("its pipe is closed")

    class SlowRecords(list[Any]):
        """Decisions while which are read the next challenge begins."""

        def __iter__(self) -> Iterator[Any]:
            desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED, NEXT))
            return super().__iter__()

    desk.shadows.begin(PlantedChallenger(desk.log, hang))
    desk.decide(make_record())
    assert is_asked.wait(PATIENCE)
    desk.decide(make_record(), make_record())
    desk.shadows.put(SlowRecords([make_record()]))
    assert desk.counted == {"dropped": 2}
    new = make_record()
    desk.decide(new)
    is_let_go.set()
    desk.wait_for(scored=1, dropped=4)
    assert [(row["decision_id"], row["challenge"]) for row in desk.read()] == [(new["id"], 5)]
    wait_until(lambda: desk.shadows.counts["scored"] == 1, "its count")
    assert desk.shadows.counts == {"scored": 1}, "what was dropped was not for this challenge"


def test_a_challenge_is_counted_by_itself_also_when_its_challenger_is_loaded_again(desk: Desk) -> None:
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    desk.decide(make_record(), make_record())
    desk.wait_for(scored=2)
    desk.shadows.suspend("it is loaded again", CHALLENGE.number, CHALLENGE)
    desk.decide(make_record())
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    shown = {"scored": 2, "failed": 0, "dropped": 1, "unrecorded": 0, "decides": True}
    wait_until(lambda: describe_challenger(desk.shadows) == shown | {"version": "v9.0.0", "challenge": 3}, "its count")
    desk.shadows.end()
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: FAILED, NEXT))
    desk.decide(make_record())
    desk.wait_for(scored=2, failed=1, dropped=1)
    shown = {"scored": 0, "failed": 1, "dropped": 0, "unrecorded": 0, "decides": True}
    wait_until(lambda: describe_challenger(desk.shadows) == shown | {"version": "v10.0.0", "challenge": 5}, "its count")


def test_what_is_dropped_while_a_new_challenge_cannot_be_loaded_is_told_as_its_own(desk: Desk) -> None:
    """Also where nothing but its number is known, and not as that of the challenge before it."""
    desk.shadows.begin(PlantedChallenger(desk.log, lambda _: APPROVED))
    desk.decide(make_record())
    desk.wait_for(scored=1)
    desk.shadows.suspend("it cannot be loaded", NEXT.number, NEXT)
    desk.decide(make_record(), make_record())
    desk.wait_for(dropped=2)
    shown = {"scored": 0, "failed": 0, "dropped": 2, "unrecorded": 0, "decides": False}
    wait_until(lambda: describe_challenger(desk.shadows) == shown | {"version": "v10.0.0", "challenge": 5}, "its count")
    desk.shadows.suspend("its record is not valid", 6, None)
    desk.decide(make_record())
    desk.wait_for(dropped=3)
    shown["dropped"] = 1
    wait_until(lambda: describe_challenger(desk.shadows) == shown | {"version": None, "challenge": 6}, "its count")
    desk.shadows.end()
    assert describe_challenger(desk.shadows) is None

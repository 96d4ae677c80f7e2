"""No application waits for a model that is slow: the rule decides who would be late, and the loop goes on.

No test looks at a clock. The models here wait until the others are answered: who waited for one would wait for ever.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from credit.decision_log.database import DecisionRow
from credit.scoring.model import Decision
from service.deciding.decider import BusyError, Decider
from service.deciding.lane import Lane
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from testing.parts.servers import PATIENCE
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run

Applications = list[ApplicationRequest]
BUDGET = 0.2


def approve(_: Sequence[Any]) -> list[Decision]:
    return [Decision("approve", 0.9, (), "model")]


class HeldModel:
    """Approves, but holds the application that it was told to until it is let go."""

    def __init__(self, held: int = 1) -> None:
        self.let_go, self.is_held = threading.Event(), threading.Event()
        self.calls, self._held = 0, held

    def __call__(self, rows: Sequence[Any]) -> list[Decision]:
        self.calls += 1
        if self.calls == self._held:
            self.is_held.set()
            assert self.let_go.wait(PATIENCE)
        return approve(rows)


async def ask(decider: Decider, serving: LiveVersion, asked: ApplicationRequest, key: str | None = None) -> DecisionRow:
    return (await decider.decide(serving, asked, "tester", key, time.monotonic())).records[0]


async def ask_many(decider: Decider, serving: LiveVersion, asked: Applications) -> list[DecisionRow]:
    return (await decider.decide_batch([serving] * len(asked), asked, "tester", None, time.monotonic())).records


async def hold(model: HeldModel) -> None:
    """Go on when the model has an application and does not give it back."""
    while not model.is_held.is_set():
        await asyncio.sleep(0.01)


async def ask_until_open(lane: Lane, ask_once: Callable[[], Awaitable[DecisionRow]]) -> None:
    """Ask until the circuit is open: on a busy machine who asks first may be late before the model has begun."""
    while lane.circuits["one"] == "closed":
        assert (await ask_once())["decided_by"] == "rule"


def list_deciders(records: Sequence[DecisionRow]) -> list[str]:
    return [record["decided_by"] for record in records]


def test_of_a_hundred_clients_none_waits_for_a_model_that_holds_one(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """All of them are answered while the model has the first; a decider that waited for it would never answer."""
    model = HeldModel()
    serving, decider = with_model(model), make_decider(BUDGET)

    async def ask_all() -> list[DecisionRow]:
        clients = [ask(decider, serving, applications[number % len(applications)]) for number in range(100)]
        return await asyncio.gather(*clients)

    records = run(ask_all())
    assert list_deciders(records) == ["rule"] * 100
    assert model.calls == 1
    assert {record["rule_because"] for record in records} <= {
        "the model took longer than 0.2 s",
        "the model could not answer within 0.2 s",
    }
    model.let_go.set()


def test_the_loop_answers_others_while_a_model_scores(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """As health does; and the model's answer still counts when it comes in time."""
    model = HeldModel()
    serving, decider = with_model(model), make_decider()

    async def ask_beside() -> DecisionRow:
        answer = asyncio.create_task(ask(decider, serving, applications[0]))
        await hold(model)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not answer.done()
        model.let_go.set()
        return await answer

    assert run(ask_beside())["decided_by"] == "model"


def test_who_would_be_late_is_decided_by_the_rule_at_once(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """The deadline is far away, but by the last scores there is no time for two: the second does not wait for it."""
    model = HeldModel(held=2)
    serving, decider = with_model(model), make_decider()
    decider.live.one._measured.extend([1.5 * PATIENCE] * 9)

    async def ask_two() -> tuple[str, DecisionRow]:
        alone = (await ask(decider, serving, applications[0]))["decided_by"]
        first = asyncio.create_task(ask(decider, serving, applications[1]))
        await hold(model)
        second = await ask(decider, serving, applications[2])
        assert not first.done()
        model.let_go.set()
        assert (await first)["decided_by"] == "model"
        return alone, second

    alone, second = run(ask_two())
    assert alone == "model", "with nobody ahead the model is asked, else it could never show that it is quick again"
    assert second["decided_by"] == "rule"
    assert second["rule_because"].startswith("the model could not answer within")
    assert decider.live.list_problems().keys() == {"model_late"}


def test_a_slow_model_opens_the_circuit_which_closes_when_it_is_quick(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    model = HeldModel()
    serving, decider = with_model(model), make_decider(BUDGET)

    async def ask_until_quick() -> None:
        assert decider.live.circuits == {"one": "closed", "batch": "closed"}
        await ask_until_open(decider.live, lambda: ask(decider, serving, applications[0]))
        assert decider.live.circuits == {"one": "open", "batch": "closed"}
        assert "circuit" in decider.live.list_problems()
        asked = await asyncio.gather(*(ask(decider, serving, one) for one in applications[:20]))
        assert list_deciders(asked) == ["rule"] * 20
        assert model.calls == 1, "who comes meanwhile is not given to the model"
        model.let_go.set()
        while (await ask(decider, serving, applications[0]))["decided_by"] == "rule":
            await asyncio.sleep(0.05)
        assert decider.live.circuits == {"one": "closed", "batch": "closed"}
        assert "circuit" not in decider.live.list_problems()

    run(ask_until_quick())


def test_a_new_version_is_not_held_up_by_the_old_one_that_hangs(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """Also when nobody has noticed yet that it hangs."""
    model, decider = HeldModel(), make_decider()

    async def swap() -> str:
        old = asyncio.create_task(ask(decider, with_model(model), applications[0]))
        await hold(model)
        decider.reset()
        by = (await ask(decider, with_model(approve), applications[1]))["decided_by"]
        model.let_go.set()
        assert (await old)["decided_by"] == "model"
        return str(by)

    assert run(swap()) == "model"


def test_a_batch_that_takes_too_long_gets_its_rest_from_the_rule(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    model = HeldModel(held=3)
    serving, decider = with_model(model), make_decider(batch_seconds=BUDGET)
    records = run(ask_many(decider, serving, applications[:40]))
    quick = list_deciders(records).count("model")
    assert quick <= 2
    assert list_deciders(records) == ["model"] * quick + ["rule"] * (40 - quick)
    assert {record["rule_because"] for record in records[quick:]} == {"the model could not answer within 0.2 s"}
    assert [record["inputs"] for record in records] == [one.application for one in applications[:40]]
    model.let_go.set()


def test_a_batch_whose_model_hangs_at_one_application_does_not_wait_for_its_own_deadline(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    model = HeldModel(held=3)
    serving, decider = with_model(model), make_decider(BUDGET)
    records = run(ask_many(decider, serving, applications[:40]))
    quick = list_deciders(records).count("model")
    assert quick <= 2
    assert list_deciders(records) == ["model"] * quick + ["rule"] * (40 - quick)
    assert {record["rule_because"] for record in records[quick:]} == {"the model took longer than 0.2 s"}
    assert decider.live.circuits == {"one": "closed", "batch": "open"}
    model.let_go.set()


def test_single_applications_do_not_wait_for_batches(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """Every thread for batches is held, and more batches wait."""
    let_go = threading.Event()

    def hold_batches(rows: Sequence[Any]) -> list[Decision]:
        if threading.current_thread().name == "model-many":
            assert let_go.wait(PATIENCE)
        return approve(rows)

    serving, decider = with_model(hold_batches), make_decider()

    async def ask_beside() -> list[DecisionRow]:
        batches = [asyncio.create_task(ask_many(decider, serving, applications[:30])) for _ in range(4)]
        singles = await asyncio.gather(*(ask(decider, serving, one) for one in applications[:20]))
        assert not any(batch.done() for batch in batches)
        let_go.set()
        for records in await asyncio.gather(*batches):
            assert list_deciders(records) == ["model"] * 30
        return singles

    assert list_deciders(run(ask_beside())) == ["model"] * 20


def test_a_short_batch_does_not_wait_for_the_end_of_long_ones(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    calls: list[bool] = []

    def note_call(rows: Sequence[Any]) -> list[Decision]:
        calls.append("short" in rows[0])
        time.sleep(0.001)  # others may come
        return approve(rows)

    serving, decider = with_model(note_call), make_decider()
    long = (applications * 10)[:400]
    short = [one._replace(application={**one.application, "short": True}) for one in applications[:10]]

    async def ask_beside() -> None:
        batches = [asyncio.create_task(ask_many(decider, serving, long)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.gather(ask_many(decider, serving, short), *batches)

    run(ask_beside())
    assert len(calls) == 1_210
    assert "".join("s" if one else "l" for one in calls).rindex("s") < 1_210 / 2


def test_a_repeated_request_is_told_from_a_new_one(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    serving, decider = with_model(approve), make_decider()

    async def ask_again() -> list[bool]:
        told = [await decider.decide(serving, applications[0], "tester", "key", time.monotonic()) for _ in range(2)]
        assert told[0].records == told[1].records
        return [one.is_repeat for one in told]

    assert run(ask_again()) == [False, True]


def test_more_batches_at_a_time_than_there_is_room_for_are_refused(make_decider: MakeDecider) -> None:
    decider = make_decider()
    with ExitStack() as held:
        for _ in range(32):
            held.enter_context(decider.hold_batch())
        with pytest.raises(BusyError):
            held.enter_context(decider.hold_batch())
    with decider.hold_batch():
        pass

"""Applications that come at about the same time share one pass through model and log; a lone one waits for nobody."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from credit.scoring.model import Decision
from service.deciding import singles
from service.deciding.decider import Decider
from service.deciding.recording import Recorder
from service.deciding.tasks import TaskGroup
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from testing.parts.servers import PATIENCE
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run

Applications = list[ApplicationRequest]


def approve(_: Sequence[Any]) -> list[Decision]:
    return [Decision("approve", 0.9, (), "model")]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the groups that the model got, while the others of a group are waited for as long as it takes."""
    found: list[int] = []

    class Counted(TaskGroup):
        def __init__(self, tasks: Any, deliver: Any) -> None:
            found.append(len(tasks))
            super().__init__(tasks, deliver)

    monkeypatch.setattr(singles, "TaskGroup", Counted)
    monkeypatch.setattr(singles, "_GATHER_SECONDS", PATIENCE)
    monkeypatch.setattr(singles, "_TICK_SECONDS", 2 * PATIENCE)
    return found


async def ask(decider: Decider, serving: LiveVersion, one: ApplicationRequest) -> None:
    await decider.decide(serving, one, "tester", None, time.monotonic())


def test_those_who_were_answered_together_are_gathered_again(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, sizes: list[int]
) -> None:
    async def ask_twice() -> None:
        decider, serving = make_decider(), with_model(approve)
        await asyncio.gather(*(ask(decider, serving, one) for one in applications[:4]))

        async def ask_late(place: int) -> None:
            await asyncio.sleep(0.02 * place)
            await ask(decider, serving, applications[place])

        await asyncio.gather(*map(ask_late, range(4)))

    run(ask_twice())
    assert sizes == [4, 4]


def test_a_lone_one_waits_for_nobody_and_after_a_crowd_only_once(
    make_decider: MakeDecider,
    with_model: WithModel,
    applications: Applications,
    sizes: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(singles, "_GATHER_SECONDS", 0.0123)

    async def ask_all() -> list[float]:
        decider, serving, loop = make_decider(), with_model(approve), asyncio.get_running_loop()
        waits: list[float] = []
        call_later = loop.call_later

        def note(delay: float, *others: Any) -> Any:
            waits.extend([delay] if delay == singles._GATHER_SECONDS else [])
            return call_later(delay, *others)

        loop.call_later = note  # type: ignore[method-assign, assignment]
        for _ in range(3):
            await ask(decider, serving, applications[0])
        assert waits == []
        await asyncio.gather(*(ask(decider, serving, one) for one in applications[:4]))
        for _ in range(3):
            await ask(decider, serving, applications[0])
        return waits

    assert run(ask_all()) == [0.0123]
    assert sizes == [1, 1, 1, 4, 1, 1, 1]


def test_who_comes_while_others_are_being_recorded_is_decided_meanwhile(
    make_decider: MakeDecider,
    with_model: WithModel,
    applications: Applications,
    sizes: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[tuple[Recorder, Any, Any]] = []
    write = Recorder.write
    monkeypatch.setattr(singles, "_GATHER_SECONDS", 0.001)
    monkeypatch.setattr(Recorder, "write", lambda recorder, rows, then: written.append((recorder, rows, then)))

    async def ask_during_a_write() -> None:
        decider, serving = make_decider(), with_model(approve)
        asking = []
        for place in range(3):
            asking.append(asyncio.create_task(ask(decider, serving, applications[place])))
            while len(written) <= place:
                await asyncio.sleep(0.001)
        assert not any(task.done() for task in asking)
        for recorder, rows, then in written:
            write(recorder, rows, then)
        await asyncio.gather(*asking)

    run(ask_during_a_write())
    assert sizes == [1, 1, 1]

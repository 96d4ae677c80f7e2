"""A challenger that hangs or fails is in nobody's way but of those who are dealt to it, whom the rule decides.

No test looks at a clock: the models here wait until the others are answered.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from credit.scoring.model import Decision
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run
from tests.template.service.deciding.test_deadlines import (
    BUDGET,
    HeldModel,
    approve,
    ask,
    ask_until_open,
    hold,
    list_deciders,
)


def fail(_: Sequence[Any]) -> list[Decision]:
    raise ValueError("nothing")


def as_challenger(serving: LiveVersion) -> LiveVersion:
    return replace(serving, challenge=1)


def test_while_a_challenger_hangs_the_live_version_decides_its_people_by_its_model(
    make_decider: MakeDecider, with_model: WithModel, applications: list[ApplicationRequest]
) -> None:
    model, decider = HeldModel(), make_decider()
    live, challenger = with_model(approve), as_challenger(with_model(model))

    async def ask_both() -> None:
        waiting = asyncio.create_task(ask(decider, challenger, applications[0]))
        await hold(model)
        asked = await asyncio.gather(*(ask(decider, live, one) for one in applications[1:20]))
        assert list_deciders(asked) == ["model"] * 19
        assert not waiting.done()
        model.let_go.set()
        assert (await waiting)["decided_by"] == "model"

    run(ask_both())


def test_who_is_dealt_to_a_challenger_that_hangs_is_decided_by_the_rule_and_only_its_circuit_opens(
    make_decider: MakeDecider, with_model: WithModel, applications: list[ApplicationRequest]
) -> None:
    model, decider = HeldModel(), make_decider(BUDGET)
    challenger = as_challenger(with_model(model))

    async def ask_it() -> None:
        await ask_until_open(decider.challengers, lambda: ask(decider, challenger, applications[0]))
        assert decider.challengers.circuits == {"one": "open", "batch": "closed"}
        assert decider.live.circuits == {"one": "closed", "batch": "closed"}
        assert decider.live.list_problems() == {}
        assert "left alone" in "; ".join(decider.list_challenger_problems())
        decider.challengers.reset()
        assert decider.list_challenger_problems() == [], "nobody was dealt to the next one yet"
        another = as_challenger(with_model(approve))
        assert (await ask(decider, another, applications[1]))["decided_by"] == "model", "the next one is not held up"
        assert decider.list_challenger_problems() == []
        model.let_go.set()

    run(ask_it())


def test_a_batch_of_both_is_answered_in_its_order_also_where_the_challenger_hangs_or_fails(
    make_decider: MakeDecider, with_model: WithModel, applications: list[ApplicationRequest]
) -> None:
    decider = make_decider(BUDGET, BUDGET)
    live = with_model(approve, is_row_wise=False)

    async def ask_mixed(challenger: LiveVersion) -> list[tuple[str, dict[str, Any]]]:
        versions = [live, challenger, live, challenger, live]
        found = await decider.decide_batch(versions, applications[:5], "tester", None, time.monotonic())
        return [(one["decided_by"], one["inputs"]) for one in found.records]

    model = HeldModel()
    for challenger in (with_model(model), with_model(fail)):
        found = run(ask_mixed(as_challenger(challenger)))
        assert [inputs for _, inputs in found] == [one.application for one in applications[:5]]
        assert [by for by, _ in found][1::2] == ["rule", "rule"]
    model.let_go.set()
    assert decider.live.circuits["batch"] == "closed"

"""A model that fails, and the rule that takes over; nobody has to guess that it does."""

import asyncio
import io
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from credit.bundle.bundle import Bundle
from credit.common.errors import CreditError, Problem
from credit.scoring.model import Decision
from service.deciding.decider import Decider
from service.deciding.recording import RecordedDecisions
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from service.logs import DiscreetFormatter
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run

Applications = list[ApplicationRequest]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The log of the process, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(DiscreetFormatter("%(levelname)s %(message)s"))
    logging.getLogger("service").addHandler(handler)
    yield stream
    logging.getLogger("service").removeHandler(handler)


def approve(_: Sequence[Any]) -> list[Decision]:
    return [Decision("approve", 0.9, (), "model")]


def fail(_: Sequence[Any]) -> list[Decision]:
    raise MemoryError("a line about Eve")


def ask(decider: Decider, serving: LiveVersion, asked: Applications) -> list[RecordedDecisions]:
    async def ask_all() -> list[RecordedDecisions]:
        clients = [decider.decide(serving, one, "tester", None, time.monotonic()) for one in asked]
        return await asyncio.gather(*clients)

    return run(ask_all())


def test_a_quick_model_decides(make_decider: MakeDecider, with_model: WithModel, applications: Applications) -> None:
    decider = make_decider()
    answers = ask(decider, with_model(approve), applications[:3])
    assert [(one.records[0]["decided_by"], one.records[0]["rule_because"]) for one in answers] == [("model", None)] * 3
    assert decider.live.list_problems() == {}


def test_where_the_model_fails_the_rule_decides_and_says_so(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    serving = with_model(fail)
    ((record,), _) = ask(make_decider(), serving, applications[:1])[0]
    (expected,) = serving.bundle.decide_by_rule([applications[0].application])
    assert (record["decision"], record["score"]) == (expected.decision, expected.score)
    assert record["rule_because"] == "the model failed (MemoryError)"


def test_a_model_that_fails_on_everything_is_a_problem_that_counts(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    decider = make_decider()
    ask(decider, with_model(fail), applications[:12])
    ask(decider, with_model(approve), applications[:8])
    said = "the model failed on 12 of 20 applications in the last minute"
    assert decider.live.list_problems() == {"model_failed": f"{said}, and the rule decided in its place"}
    assert decider.live.circuits == {"one": "closed", "batch": "closed"}, "one that fails keeps nobody waiting"


def test_the_first_failure_is_in_the_log_with_its_place_and_without_values_and_later_ones_are_counted(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, logged: io.StringIO
) -> None:
    decider = make_decider()
    ask(decider, with_model(fail), applications[:12])
    said = logged.getvalue()
    assert said.count("ERROR") == 1
    assert "MemoryError" in said
    assert "test_failing_models.py" in said, "the traceback names the place"
    assert "Eve" not in said
    decider.live.watch._logged = float("-inf")  # a minute has passed
    decider.log_counts()
    assert logged.getvalue().splitlines()[-1] == "ERROR the model failed on 12 applications in the last minute"
    decider.log_counts()
    assert logged.getvalue().count("ERROR") == 2


def test_another_version_is_not_told_to_fail_as_the_last_one_did(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    decider = make_decider()
    ask(decider, with_model(fail), applications[:2])
    decider.reset()
    ask(decider, with_model(approve), applications[:2])
    assert decider.live.list_problems() == {}


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.5])
def test_a_score_that_is_none_is_never_answered(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, score: float
) -> None:
    decider = make_decider()
    serving = with_model(lambda _: [Decision("approve", score, (), "model")])
    ((record,), _) = ask(decider, serving, applications[:1])[0]
    assert (record["decided_by"], record["rule_because"]) == ("rule", "the model gave no score")
    assert decider.live.list_problems().keys() == {"model_failed"}


def test_what_the_contract_refuses_is_refused_and_not_left_to_the_rule(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    def refuse(_: Sequence[Any]) -> list[Decision]:
        raise CreditError(Problem("ratio", "3", "at most 1"))

    decider, serving = make_decider(), with_model(refuse)
    with pytest.raises(CreditError, match=r"application\.ratio"):
        ask(decider, serving, applications[:1])
    with pytest.raises(CreditError, match=r"applications\.1\.application\.ratio"):
        run(decider.decide_batch([serving] * 2, applications[:2], "tester", None, time.monotonic()))
    assert decider.live.list_problems() == {}


def test_where_the_rule_fails_too_the_others_are_decided(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    class BrokenBundle(Bundle):
        def decide_by_rule(self, rows: Sequence[Any]) -> list[Decision]:
            raise RuntimeError

    decider, good, failing = make_decider(), with_model(approve), with_model(fail)
    broken = replace(failing, bundle=BrokenBundle(**vars(failing.bundle)))

    async def ask_both() -> list[Any]:
        clients = [decider.decide(one, applications[0], "tester", None, time.monotonic()) for one in (broken, good)]
        return await asyncio.gather(*clients, return_exceptions=True)

    failed, decided = run(ask_both())
    assert isinstance(failed, RuntimeError)
    assert decided.records[0]["decided_by"] == "model"
    assert ask(decider, good, applications[:1])[0].records[0]["decided_by"] == "model"

"""A model that hangs, fails or is slow, and the rule that takes over."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError, Problem
from credit.scoring.derived_columns import DerivedColumns
from credit.scoring.model import Decision
from service.engine.application_fit import ApplicationFitter
from service.engine.live_version import FinalDecision, LiveVersion
from service.engine.model_thread import DecisionTask, ModelThread
from service.engine.requests import build_request_parser
from testing.parts.servers import PATIENCE

Rows = list[dict[str, Any]]
Deciding = Callable[[Sequence[Any]], list[Decision]]


class Model:
    """Decides as it is told to; in place of the model of a bundle."""

    decided_by = "model"

    def __init__(self, deciding: Deciding) -> None:
        self.decide = deciding


@pytest.fixture
def serving(bundles: Callable[[str], Path], rows: Rows) -> LiveVersion:
    bundle = load_bundle(bundles("logistic"))
    return LiveVersion(
        None,
        bundle,
        build_request_parser(bundle, 10),
        DerivedColumns(bundle.contract, ()),
        rows[0],
        ApplicationFitter(bundle),
    )


def with_model(serving: LiveVersion, deciding: Deciding) -> LiveVersion:
    """The same version with a model that does something else; live by an entry, else the rule would decide anyway."""
    return _Live(**vars(replace(serving, bundle=replace(serving.bundle, model=Model(deciding)))))  # type: ignore[arg-type]


class _Live(LiveVersion):
    @property
    def fallback_reason(self) -> str | None:
        return None


def approve(_: Sequence[Any]) -> list[Decision]:
    return [Decision("approve", 0.9, (), "model")]


def asked(lane: ModelThread, serving: LiveVersion, rows: Rows) -> list[FinalDecision]:
    results = lane.decide([DecisionTask(serving, row) for row in rows])
    assert all(isinstance(result, FinalDecision) for result in results)
    return results  # type: ignore[return-value]


def test_a_quick_model_decides(serving: LiveVersion, rows: Rows) -> None:
    answers = asked(ModelThread("test", 5), with_model(serving, approve), rows[:3])
    assert [(one.decision.decided_by, one.rule_because) for one in answers] == [("model", None)] * 3


def test_where_the_model_fails_the_rule_decides_and_says_so(serving: LiveVersion, rows: Rows) -> None:
    def fail(_: Sequence[Any]) -> list[Decision]:
        raise MemoryError("a line about Eve")

    (answer,) = asked(ModelThread("test", 5), with_model(serving, fail), rows[:1])
    assert answer.decision == serving.bundle.decide_by_rule(rows[:1])[0]
    assert answer.rule_because == "the model failed (MemoryError)"


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.5])
def test_a_score_that_is_none_is_never_answered(serving: LiveVersion, rows: Rows, score: float) -> None:
    model = with_model(serving, lambda _: [Decision("approve", score, (), "model")])
    (answer,) = asked(ModelThread("test", 5), model, rows[:1])
    assert (answer.decision.decided_by, answer.rule_because) == ("rule", "the model gave no score")


def test_what_the_contract_refuses_is_refused_and_not_left_to_the_rule(serving: LiveVersion, rows: Rows) -> None:
    def refuse(_: Sequence[Any]) -> list[Decision]:
        raise CreditError(Problem("ratio", "3", "at most 1"))

    (result,) = ModelThread("test", 5).decide([DecisionTask(with_model(serving, refuse), rows[0])])
    assert isinstance(result, CreditError)


def test_a_model_that_hangs_loses_nobody_and_is_left_alone_until_it_is_back(serving: LiveVersion, rows: Rows) -> None:
    """The second of three hangs: the first is the model's, the others the rule's; so are later ones, at once."""
    hang, calls = threading.Event(), []

    def second_hangs(_: Sequence[Any]) -> list[Decision]:
        calls.append(1)
        if len(calls) == 2:
            hang.wait(PATIENCE)
        return approve(_)

    model, lane = with_model(serving, second_hangs), ModelThread("test", 0.2)
    answers = asked(lane, model, rows[:3])
    assert [one.decision.decided_by for one in answers] == ["model", "rule", "rule"]
    assert answers[1].rule_because == "the model took longer than 0.2 s"
    assert [one.decision.decided_by for one in asked(lane, model, rows[:2])] == ["rule", "rule"]
    assert len(calls) == 2, "who comes meanwhile does not wait for the model"
    hang.set()
    deadline = time.monotonic() + PATIENCE
    while asked(lane, model, rows[:1])[0].decision.decided_by == "rule":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_new_version_is_not_held_up_by_the_old_one_that_hangs(serving: LiveVersion, rows: Rows) -> None:
    hang, lane = threading.Event(), ModelThread("test", 0.2)

    def hangs(_: Sequence[Any]) -> list[Decision]:
        hang.wait(PATIENCE)
        return approve(_)

    assert asked(lane, with_model(serving, hangs), rows[:1])[0].decision.decided_by == "rule"
    lane.reset()
    assert asked(lane, with_model(serving, approve), rows[:1])[0].decision.decided_by == "model"
    hang.set()


def test_a_swap_while_the_old_model_hangs_frees_the_lane(serving: LiveVersion, rows: Rows) -> None:
    """The swap comes from another thread, when it has not been seen yet that the model takes too long."""
    hang, lane = threading.Event(), ModelThread("test", 0.5)

    def hangs(_: Sequence[Any]) -> list[Decision]:
        lane.reset()
        hang.wait(PATIENCE)
        return approve(_)

    assert asked(lane, with_model(serving, hangs), rows[:1])[0].decision.decided_by == "rule"
    assert asked(lane, with_model(serving, approve), rows[:1])[0].decision.decided_by == "model"
    hang.set()


def test_where_the_rule_fails_too_the_others_are_decided(serving: LiveVersion, rows: Rows) -> None:
    """And the lane goes on."""

    def fail(_: Sequence[Any]) -> list[Decision]:
        raise MemoryError

    class Broken(_Live):
        def decide_by_rule(self, row: Any, because: str) -> FinalDecision:
            raise RuntimeError

    lane = ModelThread("test", 5)
    good = with_model(serving, approve)
    broken = Broken(**vars(with_model(serving, fail)))
    failed, decided = lane.decide([DecisionTask(broken, rows[0]), DecisionTask(good, rows[0])])
    assert isinstance(failed, RuntimeError)
    assert isinstance(decided, FinalDecision)
    assert asked(lane, good, rows[:1])[0].decision.decided_by == "model"


def test_a_long_batch_is_not_slow_as_long_as_it_goes_on(serving: LiveVersion, rows: Rows) -> None:
    def rather_slow(_: Sequence[Any]) -> list[Decision]:
        time.sleep(0.1)
        return approve(_)

    answers = asked(ModelThread("test", 2), with_model(serving, rather_slow), rows[:30])
    assert {one.decision.decided_by for one in answers} == {"model"}

"""Applications that wait together are decided by one call of a model whose rows do not mix, each as if alone."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import load_bundle
from credit.bundle.final_decision import ApplicationDecider, build_derivations
from credit.common.errors import CreditError, Problem
from credit.scoring.model import Decision
from service.deciding import singles
from service.deciding.decider import Decider
from service.deciding.recording import RecordedDecisions
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from testing.parts.servers import PATIENCE
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run

Applications = list[ApplicationRequest]
QUICK = 0.000_01
"""Seconds of a score, of which many go into one call."""


class Approving:
    """Approves, and notes how many it was asked for at a time."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, rows: Sequence[Any]) -> list[Decision]:
        self.sizes.append(len(rows))
        return [Decision("approve", 0.9, (), "model") for _ in rows]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who ask at once are a group, however busy the machine is."""
    monkeypatch.setattr(singles, "_GATHER_SECONDS", PATIENCE)


async def ask_all(decider: Decider, asked: Sequence[tuple[LiveVersion, ApplicationRequest]]) -> list[Any]:
    clients = [decider.decide(serving, one, "tester", None, time.monotonic()) for serving, one in asked]
    return await asyncio.gather(*clients, return_exceptions=True)


def ask(decider: Decider, asked: Sequence[tuple[LiveVersion, ApplicationRequest]]) -> list[Any]:
    decider.live.singles._expected = len(asked)
    return run(ask_all(decider, asked))


def list_deciders(answers: Sequence[RecordedDecisions]) -> list[str]:
    return [one.records[0]["decided_by"] for one in answers]


def test_a_quick_model_is_called_once_for_all_after_its_first_score(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    """The first score of a version shows how long one takes."""
    model, decider = Approving(), make_decider()
    serving = with_model(model, is_row_wise=True)
    for _ in range(2):
        assert list_deciders(ask(decider, [(serving, one) for one in applications[:9]])) == ["model"] * 9
    assert model.sizes == [*[1] * 9, 9]
    decider.reset()
    ask(decider, [(serving, one) for one in applications[:3]])
    assert model.sizes[10:] == [1] * 3


@pytest.mark.parametrize(("is_row_wise", "seconds"), [(False, QUICK), (True, PATIENCE / 10)], ids=["mixing", "slow"])
def test_a_model_that_mixes_rows_or_is_slow_gets_one_at_a_time(
    make_decider: MakeDecider,
    with_model: WithModel,
    applications: Applications,
    is_row_wise: bool,
    seconds: float,
) -> None:
    """Of ten slow ones in one call, the rule would have to decide those for whom there was time."""
    model, decider = Approving(), make_decider()
    decider.live.one._measured.append(seconds)
    decider.live.one._measured.extend([QUICK] * 5)
    ask(decider, [(with_model(model, is_row_wise), one) for one in applications[:4]])
    assert model.sizes == [1] * 4


def test_a_hundred_at_most_are_decided_by_one_call(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    model, decider = Approving(), make_decider()
    serving = with_model(model, is_row_wise=True)
    decider.live.one._measured.append(QUICK)
    ask(decider, [(serving, one) for one in applications[:250]])
    assert model.sizes == [100, 100, 50]


def test_one_call_is_for_one_version(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    old, new, decider = Approving(), Approving(), make_decider()
    versions = [with_model(model, is_row_wise=True) for model in (old, new)]
    decider.live.one._measured.append(QUICK)
    ask(decider, [(versions[place > 4], one) for place, one in enumerate(applications[:8])])
    assert (old.sizes, new.sizes) == ([5], [3])


@pytest.mark.parametrize("error", [MemoryError(), CreditError(Problem("ratio", "3", "at most 1"))])
def test_one_that_cannot_be_scored_changes_nothing_for_those_beside_it(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, error: Exception
) -> None:
    def approve_but_one(rows: Sequence[Any]) -> list[Decision]:
        if applications[2].application in rows:
            raise error
        return [Decision("approve", 0.9, (), "model") for _ in rows]

    decider = make_decider()
    serving = with_model(approve_but_one, is_row_wise=True)
    decider.live.one._measured.append(QUICK)
    answers = ask(decider, [(serving, one) for one in applications[:5]])
    failed = answers.pop(2)
    assert list_deciders(answers) == ["model"] * 4
    if isinstance(error, CreditError):
        assert isinstance(failed, CreditError)
        assert failed.problems[0].where == "application.ratio"
    else:
        assert failed.records[0]["rule_because"] == "the model failed (MemoryError)"


@pytest.mark.parametrize("scores", [[0.9, float("nan"), 0.9], [0.9], [0.9] * 4], ids=["no score", "fewer", "more"])
def test_scores_that_are_not_one_for_each_are_asked_for_one_by_one(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, scores: list[float]
) -> None:
    def score(rows: Sequence[Any]) -> list[Decision]:
        return [Decision("approve", one, (), "model") for one in (scores if len(rows) > 1 else [0.5])]

    decider = make_decider()
    serving = with_model(score, is_row_wise=True)
    decider.live.one._measured.append(QUICK)
    answers = ask(decider, [(serving, one) for one in applications[:3]])
    assert [one.records[0]["score"] for one in answers] == [0.5] * 3


def test_of_a_call_that_hangs_the_rule_decides_everybody(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    let_go = threading.Event()

    def hang(rows: Sequence[Any]) -> list[Decision]:
        assert let_go.wait(PATIENCE)
        return [Decision("approve", 0.9, (), "model") for _ in rows]

    decider = make_decider(0.2)
    serving = with_model(hang, is_row_wise=True)
    decider.live.one._measured.append(QUICK)
    answers = ask(decider, [(serving, one) for one in applications[:6]])
    assert list_deciders(answers) == ["rule"] * 6
    while decider.live.circuits["one"] == "closed":  # who asks first may be late before the model has begun
        assert list_deciders(ask(decider, [(serving, applications[0])])) == ["rule"]
    let_go.set()


def test_a_batch_is_decided_a_slice_at_a_call_in_its_order(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications
) -> None:
    model, decider = Approving(), make_decider()
    serving = with_model(model, is_row_wise=True)
    decider.live.many._measured.append(QUICK)
    found = run(decider.decide_batch([serving] * 50, applications[:50], "tester", None, time.monotonic()))
    assert sorted(model.sizes) == [10, 20, 20]
    assert [record["inputs"] for record in found.records] == [one.application for one in applications[:50]]


def test_a_forest_decides_together_as_alone_to_the_bit(
    bundles: Callable[[str], Path], rows: list[dict[str, Any]]
) -> None:
    bundle = load_bundle(bundles("random_forest"))
    decider = ApplicationDecider(bundle, build_derivations(bundle), ApplicationFitter(bundle))
    assert bundle.model.is_row_wise
    alone = [decider.decide(row) for row in rows]
    assert {one.decision.decision for one in alone} >= {"approve", "deny"}
    for size in [*range(1, 101), len(rows)]:
        place = size % 7
        assert decider.decide_together(rows[place : place + size]) == alone[place : place + size]


def test_an_application_to_another_version_is_decided_by_itself(
    bundles: Callable[[str], Path], rows: list[dict[str, Any]]
) -> None:
    bundle = load_bundle(bundles("random_forest"))
    needed = [name for name in bundle.inputs if bundle.contract.columns[name].missing != "allowed"]
    decider = ApplicationDecider(bundle, build_derivations(bundle), ApplicationFitter(bundle, needed))
    lacking = {name: value for name, value in rows[1].items() if name != needed[0]}
    assert decider.decide_together([rows[0], lacking]) is None
    assert decider.decide(lacking).decision.decided_by == "rule"

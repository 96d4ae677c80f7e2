"""A decider with a real log, and models that do as they are told."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import load_bundle
from credit.decision_log.group_commit import Writer
from credit.decision_log.log import DecisionLog
from credit.scoring.derived_columns import DerivedColumns
from credit.scoring.model import Decision
from service.deciding.decider import Decider, TimeLimits
from service.engine.live_version import LiveVersion
from service.engine.request_types import build_request_parser
from service.engine.requests import ApplicationRequest
from testing.parts.servers import PATIENCE

T = TypeVar("T")
Deciding = Callable[[Sequence[Any]], list[Decision]]
WithModel = Callable[..., LiveVersion]
MakeDecider = Callable[..., Decider]


class Model:
    """Decides as it is told to; in place of the model of a bundle."""

    decided_by = "model"

    def __init__(self, deciding: Deciding, is_row_wise: bool = False) -> None:
        self.decide, self.is_row_wise = deciding, is_row_wise


class LiveByEntry(LiveVersion):
    """Live by an entry, else the rule would decide anyway."""

    @property
    def fallback_reason(self) -> str | None:
        return None


@pytest.fixture(scope="session")
def with_model(bundles: Callable[[str], Path]) -> WithModel:
    """A live version whose model does something else."""
    bundle = load_bundle(bundles("logistic"))
    parser, derivations = build_request_parser(bundle, 1_000), DerivedColumns(bundle.contract, ())

    def make(deciding: Deciding, is_row_wise: bool = False) -> LiveVersion:
        changed = replace(bundle, model=Model(deciding, is_row_wise))  # type: ignore[arg-type]
        return LiveByEntry(None, changed, parser, derivations, {}, ApplicationFitter(bundle))

    return make


@pytest.fixture
def applications(rows: list[dict[str, Any]]) -> list[ApplicationRequest]:
    return [ApplicationRequest(row, {}) for row in rows]


@pytest.fixture
def make_decider(tmp_path: Path) -> Iterator[MakeDecider]:
    """Deciders with a log on the disk; by default they have more time than any test takes."""
    log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)
    writer = Writer(log)
    made: list[Decider] = []

    def make(model_seconds: float = 2 * PATIENCE, batch_seconds: float = 2 * PATIENCE) -> Decider:
        made.append(Decider(writer, "prod", TimeLimits(model_seconds, batch_seconds)))
        return made[-1]

    yield make
    for decider in made:
        decider.close()
    writer.close()
    log.close()


@cache
def _get_runner() -> asyncio.Runner:
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something in the event loop of all tests, for as long as anybody has patience."""
    return _get_runner().run(asyncio.wait_for(work, PATIENCE))

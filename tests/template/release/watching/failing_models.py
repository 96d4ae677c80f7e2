"""Models that fail, are late or slow, and decisions of them as the service logs these."""

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from filled_logs import Books, mix_people

from credit.bundle.rule_causes import describe_failure
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.oncall import affected, redeciding
from release.oncall.affected import Redecision
from release.watching.failing import blame, pace

FAILED = describe_failure(ValueError("x"))


def fail(
    books: Books, live: LedgerEntry, number: int = 60, because: str = FAILED, kind: str = "approve", **changes: Any
) -> None:
    """Write decisions by the rule, since the model failed; everybody alike."""
    by_rule = live.model_copy(update={"kind": "fallback"})
    people = books.town.find(live, kind, by_rule, kind)
    books.write(live, mix_people(number, people, people), decided_by="rule", rule_because=because, **changes)


def slow_down(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the models of versions take a second for each applicant, by a clock that only they move."""
    load, clock = affected.load_decider, [0.0]

    class Timed:
        def __init__(self, decider: Any, seconds: float) -> None:
            self._decider, self._seconds = decider, seconds

        def decide_inputs(self, inputs: Any) -> Redecision:
            clock[0] += self._seconds
            made: Redecision = self._decider.decide_inputs(inputs)
            return made

    def load_timed(store: Store, entry: LedgerEntry) -> Any:
        return Timed(load(store, entry), 1.0 if entry.version in names else 0.001)

    monkeypatch.setattr(blame, "load_decider", load_timed)
    monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=lambda: clock[0]))


def let_candidates_fail(monkeypatch: pytest.MonkeyPatch, *names: str, module: ModuleType = redeciding) -> None:
    """Let versions fail on everybody; the rule beside the live version is `rule`."""
    load = affected.load_decider

    class Failing:
        def __init__(self, decider: Any) -> None:
            self._decider = decider

        def decide_inputs(self, inputs: Any) -> Redecision:
            made: Redecision = self._decider.decide_inputs(inputs)
            return made._replace(rule_because=FAILED)

    def load_failing(store: Store, entry: LedgerEntry) -> Any:
        decider = load(store, entry)
        return Failing(decider) if ("rule" if entry.kind == "fallback" else entry.version) in names else decider

    monkeypatch.setattr(module, "load_decider", load_failing)

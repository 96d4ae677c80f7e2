"""Who hangs while it is tried is not the target, and holds nobody: the next one is tried, and the watch looks on."""

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import onnx
import pytest
from failing_models import fail
from filled_logs import Books, assert_untouched, harm, look, read_newest, start
from onnx import TensorProto, helper
from onnxruntime import InferenceSession, RunOptions

from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.row_encoder import ApplicationRow
from release.oncall import affected, patience
from release.oncall.affected import LiveDecider, Redecision
from release.oncall.patience import PATIENCE, Patience, UnansweredError, collect_answers

Command = Callable[..., tuple[int, Any]]
Hang = Callable[..., None]


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hang]:
    """Let versions hang at every applicant, the rule as `rule`: whoever waits gives up once they do, and no sooner."""
    begun, ended = threading.Event(), threading.Event()

    class Hanging(LiveDecider):
        def __init__(self, bundle: Any, entry: LedgerEntry) -> None:
            super().__init__(bundle, entry)
            self._name = "rule" if entry.kind == "fallback" else entry.version

        def decide_inputs(self, inputs: ApplicationRow) -> Redecision:
            if self._name in names:
                begun.set()
                ended.wait()
            return super().decide_inputs(inputs)

    def wait_for_hanging(futures: list["Future[None]"], seconds: float) -> None:
        assert seconds <= 7
        while not futures[0].done() and not begun.wait(0.01):
            pass
        begun.clear()

    names: Collection[str] = ()

    def begin(*hanging: str) -> None:
        nonlocal names
        names = hanging
        monkeypatch.setattr(affected, "LiveDecider", Hanging)
        monkeypatch.setattr(patience, "PATIENCE", Patience(7.0, 60.0))
        monkeypatch.setattr(patience, "wait", wait_for_hanging)

    yield begin
    ended.set()


def count_left() -> int:
    return sum(thread.name.startswith("left: ") for thread in threading.enumerate())


@pytest.mark.parametrize("spoil", [harm, fail])
def test_where_the_version_before_hangs_the_rule_decides_and_the_entry_says_why(
    released: Store, books: Books, live: LedgerEntry, hang: Hang, spoil: Callable[[Books, LedgerEntry], None]
) -> None:
    spoil(books, live)
    hang("v1.0.0")
    assert look(books).took_back
    newest = read_newest(released)
    assert (newest.kind, newest.actor) == ("fallback", "watch")
    assert "not v1.0.0: it did not answer within 7 s; " in newest.reason


def test_where_all_hang_the_watch_looks_on_and_asks_nobody_again_who_is_at_it_still(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry, hang: Hang
) -> None:
    harm(books, live)
    hang("v1.0.0", "rule")
    session, left = start(books), count_left()
    assert_untouched(session.look(books.now), released, live, "no version and no rule is better")
    assert count_left() == left + 2
    hang()
    harm(books, live)
    hang("v1.0.0", "rule")
    again = session.look(books.now)
    assert_untouched(again, released, live, "no version and no rule is better")
    assert again.action is not None
    still = "did not answer, and is at it still; its model hangs"
    assert [one.why_not for one in again.action.trials] == [
        f"it cannot be loaded: v1.0.0 ({before.digest[:12]}): {still}",
        f"it cannot be loaded: the rule of v2.0.0 ({live.digest[:12]}): {still}",
    ]
    assert count_left() == left + 2


def test_a_replay_says_that_a_candidate_hangs(books: Books, live: LedgerEntry, command: Command, hang: Hang) -> None:
    harm(books, live)
    hang("v1.0.0")
    code, told = command("watch", "--env", "prod", "--replay", "--json")
    (entry,) = told["entries"]
    assert (code, entry["target"]) == (3, "rule")
    assert entry["tried"][0]["why_not"] == "it did not answer within 7 s"


def test_a_challenger_that_hangs_on_those_of_the_log_is_told_before_it_begins(
    books: Books, live: LedgerEntry, command: Command, hang: Hang
) -> None:
    harm(books, live)
    hang("v3.0.0")
    code, told = command("challenge", "v3.0.0", "--env", "prod", "--shadow", "--reason", "fewer denials", "--dry-run")
    assert code == 0
    assert "takes: not known, v3.0.0 (" in told
    assert "did not answer within 7 s" in told


def test_a_real_model_that_never_ends_is_left_alone_and_asked_again_when_it_has_ended() -> None:
    """A loop of ONNX, which no exception reaches; whoever answers one by one may take longer in all than for one."""
    session, options = build_endless(), RunOptions()
    allowed = Patience(0.2, 0.0)

    def ask(number: int) -> Iterator[Any]:
        yield from range(number)
        yield session.run(None, {"turns": np.array(2**62)}, options)

    for number, so_far in ((0, "did not answer"), (2, "answered 2 of 3, and no further one")):
        with pytest.raises(UnansweredError, match=so_far):
            collect_answers(f"the loop {number}", ask(number), number + 1, allowed)
        with pytest.raises(UnansweredError, match="is at it still"):
            collect_answers(f"the loop {number}", iter([1]), 1)
        assert collect_answers("another", iter([1]), 1) == [1]
    options.terminate = True
    for thread in threading.enumerate():
        if thread.name.startswith("left: the loop"):
            thread.join()
    assert collect_answers("the loop 0", iter([1]), 1) == [1]


def test_who_answers_each_in_time_but_is_slow_in_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, allowed = threading.Event(), Patience(0.5, 0.001)

    def trickle() -> Iterator[int]:
        while not ended.wait(0.01):
            yield 1

    with pytest.raises(UnansweredError, match=r"answered \d+ of 100, and no further one within 0.6 s"):
        collect_answers("a slow one", trickle(), 100, allowed)
    ended.set()


def test_what_a_model_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        collect_answers("a broken one", (1 // one for one in (1, 0)), 2, PATIENCE)


def build_endless() -> InferenceSession:
    """Build a model that goes round as often as it is told."""
    is_on, is_on_still = (helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("on", "on_still"))
    turn, old, new, *ends = (
        helper.make_tensor_value_info(name, TensorProto.INT64, []) for name in ("turn", "old", "new", "turns", "done")
    )
    kept = [helper.make_node("Identity", ["on"], ["on_still"]), helper.make_node("Add", ["old", "turn"], ["new"])]
    body = helper.make_graph(kept, "body", [turn, is_on, old], [is_on_still, new])
    steps = [helper.make_node("Loop", ["turns", "", "turns"], ["done"], body=body)]
    graph = helper.make_graph(steps, "endless", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

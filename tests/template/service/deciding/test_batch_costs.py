"""What a valid batch costs: memory by its size, and of the event loop nothing that each of its applications takes."""

import gc
import json
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from credit.scoring.model import Decision
from service.deciding.decider import Decider
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from testing.parts.servers import PATIENCE
from testing.parts.sockets import connect
from tests.template.service.deciding.deciders import MakeDecider, WithModel, run
from tests.template.service.deciding.in_process import Application

Applications = list[ApplicationRequest]
Asked = list[dict[str, Any]]
BATCH = 1_000
HEAD = b"POST /v1/decisions/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


def build_body(asked: Asked, columns: int = 0) -> bytes:
    """Build a whole batch; of each applicant the bureau reports so many columns more."""
    more = {f"bureau_{number}": 1.0 + number for number in range(3, 3 + columns)}
    wide = [{**one, "application": one["application"] | more} for one in asked]
    return json.dumps({"applications": [wide[place % len(wide)] for place in range(BATCH)]}).encode()


def ask(application: Application, body: bytes) -> int:
    """Ask for a batch and keep nothing of the answer but its length."""
    length = 0
    with connect(application.client.url) as (client,):
        client.sendall(HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body))
        client.sendall(body)
        start = client.recv(65_536)
        assert start.startswith(b"HTTP/1.1 200 ")
        while part := client.recv(65_536):
            length += len(part)
    return length + len(start)


@pytest.fixture
def _without_collector() -> Iterator[None]:
    """No garbage is collected: whatever needs that is still there."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def measure_peak(work: Callable[[], Any]) -> int:
    """Measure the bytes that are there at most, of which hardly any may stay."""
    tracemalloc.start()
    try:
        work()
        for _ in range(1_000):
            stays, peak = tracemalloc.get_traced_memory()
            if stays < 500_000:
                return peak
            time.sleep(0.01)  # the threads turn from their last work to the next
        pytest.fail(f"{stays:,} bytes stay")
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("_without_collector")
@pytest.mark.parametrize("columns", [25, 0], ids=["wide", "narrow"])
def test_a_batch_takes_ten_times_its_size_at_most_and_leaves_nothing(
    application: Application, asked: Asked, columns: int
) -> None:
    """43 times, and as much again for each further batch: each stayed until garbage was collected, 200 batches later.

    Where applications are short, what is answered takes more than they do, and counts with them.
    """
    body = build_body(asked, columns)
    for _ in range(2):
        answered = ask(application, body)  # as often as there are threads: each has its first
    peak = measure_peak(lambda: ask(application, body))
    assert peak < 10 * (len(body) if columns else len(body) + answered)


@contextmanager
def count_calls(counts: Counter[str]) -> Iterator[Callable[[], None]]:
    """Count the calls of the thread that calls what this yields, by the function's name."""

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            counts[f"{frame.f_code.co_filename}: {frame.f_code.co_qualname}"] += 1
        elif event == "c_call":
            counts[f"{function}"[:60]] += 1

    yield lambda: sys.setprofile(note)


def test_the_loop_does_nothing_as_often_as_a_batch_has_applications(application: Application, asked: Asked) -> None:
    """Parsing, fingerprint, deciding, records and the answer are for threads beside it."""
    body, counts = build_body(asked), Counter[str]()
    ask(application, body)
    with count_calls(counts) as begin:
        application.loop.call_soon_threadsafe(begin)
        ask(application, body)
        application.loop.call_soon_threadsafe(sys.setprofile, None)
    assert counts.total() > 100, "the loop was watched"
    assert [named for named in counts.most_common(3) if named[1] >= BATCH / 2] == []


@pytest.mark.parametrize("is_open", [True, False], ids=["an open circuit", "a model that hangs"])
def test_neither_does_it_where_the_rule_decides_the_batch(
    make_decider: MakeDecider, with_model: WithModel, applications: Applications, is_open: bool
) -> None:
    """Whether all of it at once, or the rest when the time is over."""
    let_go = threading.Event()

    def hang(_: Sequence[Any]) -> list[Decision]:
        assert let_go.wait(PATIENCE)
        return [Decision("approve", 0.9, (), "model")]

    decider, serving, counts = make_decider(batch_seconds=0.1), with_model(hang), Counter[str]()
    if is_open:
        for _ in range(3):
            decider.live.many.breaker.note_slow(time.monotonic() + PATIENCE)
    many = [applications[place % len(applications)] for place in range(BATCH)]
    with count_calls(counts) as begin:
        decided_by = run(decide(decider, serving, many, begin))
    let_go.set()
    assert decided_by == {"rule": BATCH}
    assert counts.total() > 100, "the loop was watched"
    assert [named for named in counts.most_common(3) if named[1] >= BATCH / 2] == []


async def decide(
    decider: Decider, serving: LiveVersion, asked: Applications, begin: Callable[[], None]
) -> Counter[str]:
    begin()
    try:
        recorded = await decider.decide_batch([serving] * len(asked), asked, "tester", None, time.monotonic())
    finally:
        sys.setprofile(None)
    return Counter(record["decided_by"] for record in recorded.records)

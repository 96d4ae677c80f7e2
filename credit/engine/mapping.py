"""Map a function over the parts of a table, or over tasks, by the engine that is asked for; results keep their order.

A part is a fixed block of rows, and results are added in the order of the blocks: where the blocks are computed, and
how many at a time, changes no bit of the sum.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from credit.engine.local import WORTH_PROCESSES, map_locally
from credit.engine.settings import read_engine

_MOST_HELD = 4
"""Parts of a stream in a run: they are the data themselves, and are held, with their results, until the run is done."""

_P = TypeVar("_P")
_R = TypeVar("_R")

_is_within: ContextVar[bool] = ContextVar("_is_within", default=False)
"""Whether a part is being computed: what that maps itself is computed beside it, for others are busy already."""


def map_partitions(
    work: Callable[[_P], _R], parts: Sequence[_P], bar: str, unit: str = "partition", worth: float = WORTH_PROCESSES
) -> Iterator[_R]:
    """Call `work` on each part, wherever the engine says; yield results in order. One part is computed here.

    work: a function of a module, or a partial of one, so that another process finds it by its name. bar: names the
    work, for people. worth: as for `map_locally`.
    """
    from tqdm import tqdm

    yield from tqdm(map_stream(work, parts, len(parts), bar, worth), bar, len(parts), unit=unit, disable=None)


def map_stream(
    work: Callable[[_P], _R], parts: Iterable[_P], total: int, bar: str, worth: float = WORTH_PROCESSES
) -> Iterator[_R]:
    """Map as `map_partitions` does, parts that are made one after another, without a bar.

    total: how many they are, about: by it they are dealt, and whether processes are worth it. Parts that are no
    sequence are dealt a few at a time, however few `engine.partitions` are.
    """
    if total < 2 or _is_within.get():
        yield from map(work, parts)
        return
    engine = read_engine()
    count = min(engine.partitions or total, total)
    if not isinstance(parts, Sequence):
        count = max(count, -(-total // _MOST_HELD))
    runs, run_each = _deal(iter(parts), total, count), partial(_run_each, work)
    if engine.kind == "local" or engine.address is None:
        dealt = map_locally(run_each, runs, count, bar, worth)
    else:
        from credit.engine.cluster import map_on_cluster

        dealt = map_on_cluster(run_each, runs, bar, engine.address)
    yield from chain.from_iterable(dealt)


def check_engine() -> None:
    """Check that parts could be computed. Raises CreditError for a cluster that does not answer, or without Dask."""
    engine = read_engine()
    if engine.kind != "local" and engine.address is not None:
        from credit.engine.connection import find_client

        find_client(engine.address)


def _deal(parts: Iterator[_P], total: int, count: int) -> Iterator[Sequence[_P]]:
    """Deal parts into so many runs of neighbours, the first ones a part longer; any beyond the total one by one."""
    length, longer = divmod(total, count)
    for place in range(count):
        if run := list(islice(parts, length + (place < longer))):
            yield run
    yield from ([part] for part in parts)


def _run_each(work: Callable[[_P], _R], run: Sequence[_P]) -> list[_R]:
    outside = _is_within.set(True)
    try:
        return [work(part) for part in run]
    finally:
        _is_within.reset(outside)


def run_tasks(tasks: Sequence[Any], bar: str, worth: float = WORTH_PROCESSES, threaded: bool = False) -> list[Any]:
    """Run joblib's delayed tasks as `map_partitions` does parts; results in order.

    threaded: each task is on all cores already, so that processes beside it would gain nothing.
    """
    return list(map_partitions(_run_task, tasks, bar, "model", float("inf") if threaded else worth))


def _run_task(task: tuple[Callable[..., Any], Sequence[Any], dict[str, Any]]) -> Any:
    work, args, options = task
    return work(*args, **options)

"""Map a function over the parts of a table, or over tasks, by the engine that is asked for; results keep their order.

A part is a fixed block of rows, and results are added in the order of the blocks: where the blocks are computed, and
how many at a time, changes no bit of the sum.
"""

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from itertools import chain, pairwise
from typing import Any, TypeVar

from credit.engine.local import WORTH_PROCESSES, map_locally
from credit.engine.settings import read_engine

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

    if len(parts) < 2 or _is_within.get():
        yield from tqdm(map(work, parts), bar, len(parts), unit=unit, disable=None)
        return
    engine = read_engine()
    runs, run_each = _deal(parts, engine.partitions), partial(_run_each, work)
    if engine.kind == "local" or engine.address is None:
        dealt = map_locally(run_each, iter(runs), len(runs), bar, worth)
    else:
        from credit.engine.cluster import map_on_cluster

        dealt = map_on_cluster(run_each, iter(runs), bar, engine.address)
    yield from tqdm(chain.from_iterable(dealt), bar, len(parts), unit=unit, disable=None)


def _deal(parts: Sequence[_P], runs: int | None) -> list[Sequence[_P]]:
    """Deal parts into so many runs of neighbours, the first ones a part longer; None: each by itself."""
    count = min(runs or len(parts), len(parts))
    length, longer = divmod(len(parts), count)
    starts = [place * length + min(place, longer) for place in range(count + 1)]
    return [parts[start:end] for start, end in pairwise(starts)]


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

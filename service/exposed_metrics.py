"""Change what the metrics of this process say before others read them: small groups, and the processes of workers."""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.samples import Sample

MIN_SHOWN, ROUND_TO = 5, 5
"""Groups below MIN_SHOWN people are hidden, so that no person is shown; others are rounded to ROUND_TO people.

On the page only where a group is hidden, so that the total does not give it away. In the metrics always, and down: what
grows by one between two looks is a person too, and a counter must not fall.
"""

_SMALLEST = {"process_max_fds", "process_start_time_seconds"}
"""Figures of which the smallest of all workers is told, instead of the sum."""


class Collectable(Protocol):
    """Anything that gives metrics."""

    def collect(self) -> Iterable[Metric]:
        """Give the metrics of now."""


class GroupHiding:
    """The metrics of a registry, in which counts by protected group name nobody."""

    def __init__(self, inner: Collectable, name: str) -> None:
        self._inner, self._name = inner, name

    def collect(self) -> Iterator[Metric]:
        """Give the metrics."""
        for metric in self._inner.collect():
            if metric.name == self._name:
                metric.samples = hide_small_groups(metric.samples)
            yield metric


def hide_small_groups(samples: Iterable[Sample]) -> list[Sample]:
    """Leave out the groups of an attribute and version that are small, and round the counts of the others down."""
    counts = [sample for sample in samples if sample.name.endswith("_total")]
    people: Counter[tuple[str, ...]] = Counter()
    for one in counts:
        people[_find_group(one)] += int(one.value)
    return [
        one._replace(value=float(ROUND_TO * int(one.value / ROUND_TO)))
        for one in counts
        if people[_find_group(one)] >= MIN_SHOWN
    ]


class WorkerProcesses:
    """The `process_…` figures of several processes together, which a registry for many of them does not have."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._collectors = [ProcessCollector(pid=functools.partial(int, one), registry=None) for one in processes]

    def collect(self) -> list[Metric]:
        """Give the sum of each figure, of some the smallest."""
        found: dict[str, Metric] = {}
        for collector in self._collectors:
            for metric in collector.collect():
                if (there := found.setdefault(metric.name, metric)) is not metric:
                    there.samples = [_combine(*pair) for pair in zip(there.samples, metric.samples, strict=True)]
        return list(found.values())


def _combine(one: Sample, other: Sample) -> Sample:
    if one.name in _SMALLEST:
        return one._replace(value=min(one.value, other.value))
    return one._replace(value=one.value + other.value)


def _find_group(sample: Sample) -> tuple[str, ...]:
    return tuple(sample.labels[name] for name in ("attribute", "group", "version"))

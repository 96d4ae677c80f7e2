"""What Prometheus reads: counts of decisions, in all and by protected group, times, and what is wrong."""

import os
from collections.abc import Container
from functools import lru_cache
from pathlib import Path

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _generate

from credit.common.files import runs
from credit.contract.columns import UNDISCLOSED
from credit.decision_log.database import Record
from service.engine.live_version import Serving

DECISIONS = Counter("service_decisions", "Decisions", ["decision", "decided_by", "version"])
GROUPS = Counter(
    "service_group_decisions", "Decisions by protected group", ["attribute", "group", "decision", "version"]
)
SECONDS = Histogram(
    "service_decision_seconds",
    "From a request to its decision in the log",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
REFUSED = Counter("service_refused_requests", "Requests that were not answered", ["status"])
RULE = Counter("service_rule_took_over", "Decisions by the rule in place of the model", ["because"])
ENTRY = Gauge("service_ledger_entry", "The ledger entry that is followed", multiprocess_mode="livemin")
RULED = Gauge("service_rule_decides", "1 when the rule decides every application", multiprocess_mode="livemax")
SWAPS = Counter("service_swaps", "Versions that took over")
PROBLEMS = Gauge("service_problem", "1 while something is wrong", ["what"], multiprocess_mode="livemax")
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Set where there are several workers: what their figures are in."""

SPOOLED = Gauge(
    "service_spooled_decisions", "Decisions that the database does not have yet", multiprocess_mode="livemostrecent"
)


def count(records: list[Record], serving: Serving, seconds: float) -> None:
    """Count decisions that were answered."""
    SECONDS.observe(seconds)
    for record in records:
        decision, version = record["decision"], record["version"] or "image"
        _child(DECISIONS, decision, record["decided_by"], version).inc()
        if record["rule_because"]:
            RULE.labels(kind_of(record["rule_because"])).inc()
        for attribute in serving.requests.protected:
            group = record["protected"].get(attribute) or UNDISCLOSED
            _child(GROUPS, attribute, group, decision, version).inc()


@lru_cache(maxsize=10_000)
def _child(counter: Counter, *labels: str) -> Counter:
    """One series of a counter; finding it takes longer than counting."""
    return counter.labels(*labels)


def kind_of(because: str) -> str:
    """A label for why the rule decided, of which there are few."""
    for start, kind in (
        ("no model", "champion"),
        ("the rule was", "fallback"),
        ("the model took", "slow"),
        ("the model", "failed"),
    ):
        if because.startswith(start):
            return kind
    return "no_version"


def problems(there: Container[str]) -> None:
    """Say which kinds of problem this worker has. Each says so by itself, for a scrape comes to one of them."""
    for what in ("store", "ledger", "entry", "refused", "disk", "baked", "log"):
        PROBLEMS.labels(what).set(what in there)


def exposition() -> Response:
    """All figures, of all workers."""
    return Response(_generate(_registry()), media_type=CONTENT_TYPE_LATEST)


def followed_by_all(number: int) -> int:
    """The ledger entry that every worker follows at least; `number` is this one's."""
    if _FOLDER not in os.environ:
        return number
    samples = (sample for metric in _registry().collect() for sample in metric.samples)
    return min([number, *(int(one.value) for one in samples if one.name == "service_ledger_entry")])


def _registry() -> CollectorRegistry:
    if _FOLDER not in os.environ:
        return REGISTRY
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

    for process in {path.stem.rpartition("_")[2] for path in Path(os.environ[_FOLDER]).glob("gauge_live*.db")}:
        if not runs(int(process)):
            mark_process_dead(process)  # type: ignore[no-untyped-call]  # a worker that ended says nothing any more
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def swapped(serving: Serving) -> None:
    """Count a version that took over."""
    SWAPS.inc()
    ENTRY.set(serving.number)
    RULED.set(serving.ruled is not None)

"""Prometheus metrics: counts of decisions, in all and by protected group, latency, and problems."""

import os
from collections.abc import Container
from functools import lru_cache
from pathlib import Path

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _generate
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from credit.common.files import is_running
from credit.decision_log.database import DecisionRow
from service.engine.application_fit import OTHER_VERSION
from service.engine.live_version import LiveVersion

DECISION_COUNT = Counter("service_decisions", "Decisions", ["decision", "decided_by", "version"])
GROUP_DECISION_COUNT = Counter(
    "service_group_decisions", "Decisions by protected group", ["attribute", "group", "decision", "version"]
)
FOLDED_LEVEL_COUNT = Counter(
    "service_folded_levels", "Decisions by a level that counts as another one", ["column", "into", "version"]
)
DECISION_SECONDS = Histogram(
    "service_decision_seconds",
    "From a request to its decision in the log",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
REFUSAL_COUNT = Counter("service_refused_requests", "Requests that were not answered", ["status"])
RULE_TAKEOVER_COUNT = Counter("service_rule_took_over", "Decisions by the rule in place of the model", ["because"])
FOLLOWED_ENTRY = Gauge("service_ledger_entry", "The ledger entry that is followed", multiprocess_mode="livemin")
RULE_DECIDES = Gauge("service_rule_decides", "1 when the rule decides every application", multiprocess_mode="livemax")
SWAP_COUNT = Counter("service_swaps", "Versions that took over")
PROBLEM_GAUGE = Gauge("service_problem", "1 while something is wrong", ["what"], multiprocess_mode="livemax")
_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Set where there are several workers: the folder of their metrics."""

SPOOL_SIZE = Gauge(
    "service_spooled_decisions", "Decisions that the database does not have yet", multiprocess_mode="livemostrecent"
)


def count_decisions(records: list[DecisionRow], serving: LiveVersion, seconds: float) -> None:
    """Count answered decisions and their latency."""
    DECISION_SECONDS.observe(seconds)
    for record in records:
        decision, version = record["decision"], record["version"] or "image"
        _find_series(DECISION_COUNT, decision, record["decided_by"], version).inc()
        if record["rule_because"]:
            RULE_TAKEOVER_COUNT.labels(classify_cause(record["rule_because"])).inc()
        for column, into in serving.derivations.list_folded(record["inputs"]):
            _find_series(FOLDED_LEVEL_COUNT, column, into, version).inc()
        for attribute, described in serving.requests.protected.items():
            group = described.find_group(record["protected"].get(attribute))
            _find_series(GROUP_DECISION_COUNT, attribute, group, decision, version).inc()


@lru_cache(maxsize=10_000)
def _find_series(counter: Counter, *labels: str) -> Counter:
    """Find one series of a counter; finding it takes longer than counting."""
    return counter.labels(*labels)


def classify_cause(because: str) -> str:
    """Classify why the rule decided by one of six labels."""
    for start, kind in (
        ("no model", "champion"),
        ("fallback", "fallback"),
        ("the model took", "slow"),
        ("the model", "failed"),
        (OTHER_VERSION, "other_version"),
    ):
        if because.startswith(start):
            return kind
    return "no_version"


def set_problems(there: Container[str]) -> None:
    """Set the kinds of problem of this worker. Every worker sets its own, for a scrape reaches one of them."""
    for what in ("store", "ledger", "entry", "refused", "disk", "baked", "log"):
        PROBLEM_GAUGE.labels(what).set(what in there)


def expose_metrics() -> Response:
    """Expose the metrics of all workers as text."""
    return Response(_generate(_build_registry()), media_type=CONTENT_TYPE_LATEST)


def find_common_entry(number: int) -> int:
    """Find the ledger entry that every worker has reached; `number` is this worker's."""
    if _FOLDER_VARIABLE not in os.environ:
        return number
    samples = (sample for metric in _build_registry().collect() for sample in metric.samples)
    return min([number, *(int(one.value) for one in samples if one.name == "service_ledger_entry")])


def _build_registry() -> CollectorRegistry:
    if _FOLDER_VARIABLE not in os.environ:
        return REGISTRY
    for process in {path.stem.rpartition("_")[2] for path in Path(os.environ[_FOLDER_VARIABLE]).glob("gauge_live*.db")}:
        if not is_running(int(process)):
            mark_process_dead(process)  # type: ignore[no-untyped-call]  # a worker that ended says nothing any more
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def count_swap(serving: LiveVersion) -> None:
    """Count a version that took over, and say which entry is followed."""
    SWAP_COUNT.inc()
    FOLLOWED_ENTRY.set(serving.number)
    RULE_DECIDES.set(serving.fallback_reason is not None)

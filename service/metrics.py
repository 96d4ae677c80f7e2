"""Prometheus metrics: counts of decisions, in all and by protected group, latency, and problems."""

import os
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import get_args

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _generate
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from credit.bundle.rule_causes import classify_cause
from credit.common.errors import Problem
from credit.common.files import is_running
from credit.contract import Contract
from credit.contract.levels import Scalar
from credit.registry.challenges import Challenge
from credit.scoring.policy import DecisionKind
from credit.scoring.reasons import DecidedBy
from service.deciding.circuit_breaker import CircuitState
from service.deciding.model_watch import MODEL_PROBLEMS
from service.deciding.recording import RecordedDecisions
from service.engine.live_version import LiveVersion
from service.engine.request_errors import UNKNOWN_FIELD
from service.engine.requests import RequestParser
from service.exposed_metrics import GroupHiding, WorkerProcesses
from service.shadow.shadows import OUTCOMES, ShadowOutcome

DECISION_COUNT = Counter("service_decisions", "Decisions", ["decision", "decided_by", "version"])
GROUP_DECISION_COUNT = Counter(
    "service_group_decisions",
    "Decisions by protected group: in fives, and none of a group of fewer",
    ["attribute", "group", "decision", "version"],
)
FOLDED_LEVEL_COUNT = Counter(
    "service_folded_levels", "Decisions by a level that counts as another one", ["column", "into", "version"]
)
_SECONDS_NAME = "service_decision_seconds"
DECISION_SECONDS = Histogram(
    _SECONDS_NAME,
    "From a request to its decision in the log",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
REPEAT_COUNT = Counter("service_repeated_decisions", "Decisions that were answered again under their idempotency key")
CONNECTION_COUNT = Counter("service_refused_connections", "Connections that were refused or closed", ["why"])
REFUSAL_COUNT = Counter("service_refused_requests", "Requests that were not answered", ["status"])
FIELD_REFUSAL_COUNT = Counter("service_refused_fields", "Requests that were refused for a field", ["field"])
KEY_REFUSAL_COUNT = Counter("service_refused_keys", "Requests without a key that is good for them", ["why"])
RULE_TAKEOVER_COUNT = Counter(
    "service_rule_took_over", "Decisions by the rule in place of the live version's model", ["because"]
)
FOLLOWED_ENTRY = Gauge("service_ledger_entry", "The ledger entry that is followed", multiprocess_mode="livemin")
RULE_DECIDES = Gauge(
    "service_rule_decides",
    "1 when the rule decides single applications, also while the model is left alone",
    multiprocess_mode="livemax",
)
SWAP_COUNT = Counter("service_swaps", "Versions that took over")
PROBLEM_GAUGE = Gauge("service_problem", "1 while something is wrong", ["what"], multiprocess_mode="livemax")
CIRCUIT_GAUGE = Gauge(
    "service_circuit_open",
    "1 while the model is left alone because it is too slow, 0.5 while it is tried",
    ["lane"],
    multiprocess_mode="livemax",
)
_CIRCUIT_VALUES = {"closed": 0.0, "half-open": 0.5, "open": 1.0}
_PROBLEMS = (
    *("store", "ledger", "entry", "refused", "disk", "baked", "log", "checkpoint", "commit"),
    *("tampered", "chain", "identity", "spool", "unrecorded", "circuit", "keys", "challenger", "months"),
    *MODEL_PROBLEMS,
)
_BUDGETED = ((REFUSAL_COUNT, ("500", "503")), (RULE_TAKEOVER_COUNT, ("failed", "slow", "late")))
"""The counts that the budgets of `monitoring/` are about, and their labels."""

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Set where there are several workers: the folder of their metrics."""

MAX_REFUSED_FIELDS = 200
_SHOWN_FIELDS: set[str] = set()

OUTCOME_COUNT = Counter("service_outcomes", "Outcomes that were reported", ["label", "outcome", "version"])
REVIEW_COUNT = Counter("service_reviews", "Decisions of analysts", ["decision", "override"])
SHADOW_COUNT = Counter("service_shadows", "Applications for the challenger, which nobody is decided by", ["outcome"])
CHALLENGE_NUMBER = Gauge("service_challenge", "The challenge that is on; 0 without one", multiprocess_mode="livemax")
CHALLENGE_NEED = Gauge(
    "service_challenge_needed", "Applications that it takes; 0 where that is not known", multiprocess_mode="livemax"
)
SPOOL_SIZE = Gauge(
    "service_spooled_decisions", "Decisions that the database does not have yet", multiprocess_mode="livemostrecent"
)


def count_decisions(recorded: RecordedDecisions, serving: Sequence[LiveVersion], seconds: float) -> None:
    """Count answered decisions, each of its version, and the latency of each; a repeated request is none."""
    if recorded.is_repeat:
        REPEAT_COUNT.inc(len(recorded.records))
        return
    for record, version_of in zip(recorded.records, serving, strict=True):
        DECISION_SECONDS.observe(seconds)
        decision, version = record["decision"], record["version"] or "image"
        _find_series(DECISION_COUNT, decision, record["decided_by"], version).inc()
        if record["rule_because"] and version_of.challenge is None:  # a challenger's is its own problem
            RULE_TAKEOVER_COUNT.labels(classify_cause(record["rule_because"])).inc()
        for column, into in version_of.derivations.list_folded(record["inputs"]):
            _find_series(FOLDED_LEVEL_COUNT, column, into, version).inc()
        protected = record["protected"]
        values = [protected.get(attribute) for attribute in version_of.requests.protected]
        for series in _list_group_series(version_of.requests, decision, version, *values):
            series.inc()


def count_outcome(contract: Contract, value: Scalar, version: str | None) -> None:
    """Count an outcome by the label's value; an amount is not a label for a metric."""
    known = contract.columns[contract.label].allowed or (True, False)
    shown = str(value).lower() if value in known else "another value"
    OUTCOME_COUNT.labels(contract.label, shown, version or "image").inc()


@lru_cache(maxsize=10_000)
def _find_series(counter: Counter, *labels: str) -> Counter:
    """Find one series of a counter; finding it takes longer than counting."""
    return counter.labels(*labels)


@lru_cache(maxsize=1_000, typed=True)
def _list_group_series(requests: RequestParser, decision: str, version: str, *values: Scalar | None) -> list[Counter]:
    """List the series of the groups of an applicant: most have the protected values of somebody before."""
    described = zip(requests.protected.items(), values, strict=True)
    return [
        _find_series(GROUP_DECISION_COUNT, attribute, column.find_group(value), decision, version)
        for (attribute, column), value in described
    ]


def count_refused_fields(problems: Sequence[Problem]) -> None:
    """Count a refused request once for each field that it was refused for.

    Unknown fields are one series. Clients make up names of a family's members, so only the first have a series each.
    """
    names = {one.where.rpartition(".")[2] for one in problems if "." in one.where and one.found != UNKNOWN_FIELD[0]}
    names |= {"unknown field" for one in problems if one.found == UNKNOWN_FIELD[0]}
    for name in names:
        shown = name if name in _SHOWN_FIELDS or len(_SHOWN_FIELDS) < MAX_REFUSED_FIELDS else "another field"
        _SHOWN_FIELDS.add(shown)
        FIELD_REFUSAL_COUNT.labels(shown).inc()


def count_connection(why: str) -> None:
    """Count a connection that was refused, or closed before it had sent a whole request."""
    CONNECTION_COUNT.labels(why).inc()


def count_shadows(outcome: ShadowOutcome, count: int) -> None:
    """Count applications that a challenger scored or failed at, or that were dropped before it got them."""
    SHADOW_COUNT.labels(outcome).inc(count)


def set_problems(there: Container[str]) -> None:
    """Set the kinds of problem of this worker. Every worker sets its own, for a scrape reaches one of them."""
    for what in _PROBLEMS:
        PROBLEM_GAUGE.labels(what).set(what in there)


def start_counts() -> None:
    """Start the counts of failures at 0: Prometheus sees no growth in a series that begins with its first failures."""
    for counter, labels in _BUDGETED:
        for label in labels:
            counter.labels(label)
    for outcome in OUTCOMES:
        SHADOW_COUNT.labels(outcome)


def set_challenge(challenge: Challenge | None) -> None:
    """Set which challenge is on in this worker, and how many applications it takes."""
    CHALLENGE_NUMBER.set(challenge.number if challenge else 0)
    CHALLENGE_NEED.set((challenge and challenge.needed) or 0)


def set_circuits(states: Mapping[str, CircuitState], decides: DecidedBy | None) -> None:
    """Set the states of the circuits between the applications and the model, and who decides for all of that."""
    RULE_DECIDES.set(decides == "rule")
    for lane, state in states.items():
        CIRCUIT_GAUGE.labels(lane).set(_CIRCUIT_VALUES[state])


def expose_metrics() -> Response:
    """Expose the metrics of all workers as text."""
    shown = GroupHiding(_build_registry(), "service_group_decisions")
    return Response(_generate(shown), media_type=CONTENT_TYPE_LATEST)


def read_decision_times() -> dict[float, int]:
    """Read how many decisions of all workers took at most so many seconds, by these; infinity: all."""
    found = (_build_registry() if _FOLDER_VARIABLE in os.environ else DECISION_SECONDS).collect()
    samples = (sample for metric in found for sample in metric.samples if sample.name == f"{_SECONDS_NAME}_bucket")
    return {float(sample.labels["le"]): int(sample.value) for sample in samples}


def find_common_entry(number: int) -> int:
    """Find the ledger entry that every worker has reached; `number` is this worker's."""
    if _FOLDER_VARIABLE not in os.environ:
        return number
    samples = (sample for metric in _build_registry().collect() for sample in metric.samples)
    return min([number, *(int(one.value) for one in samples if one.name == "service_ledger_entry")])


def _build_registry() -> CollectorRegistry:
    if _FOLDER_VARIABLE not in os.environ:
        return REGISTRY
    live = []
    for process in {path.stem.rpartition("_")[2] for path in Path(os.environ[_FOLDER_VARIABLE]).glob("gauge_live*.db")}:
        if is_running(int(process)):
            live.append(int(process))
        else:
            mark_process_dead(process)  # type: ignore[no-untyped-call]  # a worker that ended says nothing any more
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(WorkerProcesses(live))
    return registry


def count_swap(serving: LiveVersion) -> None:
    """Count a version that took over, say which entry is followed, and start its counts at 0."""
    SWAP_COUNT.inc()
    FOLLOWED_ENTRY.set(serving.number)
    RULE_DECIDES.set(serving.decides == "rule")
    for decision in get_args(DecisionKind):
        _find_series(DECISION_COUNT, decision, serving.decides, serving.version or "image")

"""Drift by figure, refusals by field, outcomes by age and group, and concerns, as metrics.

The number of series is bounded: two for each figure of drift and each refused field, five for each age and each group,
eight of concerns, five of a model that fails.
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from release.watching.ageing import CONCERNS
from release.watching.drift import DriftReport
from release.watching.outcomes import OutcomeReport
from release.watching.refusals import RefusalReport
from release.watching.telling import Told
from watch.failures import FailureFinding
from watch.outcomes.judging import OutcomeFinding
from watch.outcomes.vintages import EVERYBODY, GroupName

_SHOWN = {EVERYBODY: ("all", "everybody")}
"""Prometheus drops a label that is empty."""


def collect_told(told: Told, environment: str) -> Iterator[Metric]:
    """Collect the metrics of drift, outcomes and concerns."""
    concern = GaugeMetricFamily("watch_concern", "1 while people are told of it", labels=["environment", "what"])
    there = {one.what for one in told.concerns}
    for what in CONCERNS:
        concern.add_metric([environment, what], float(what in there))
    yield concern
    yield from _collect_drift(told.drift, environment)
    yield from _collect_refusals(told.refusals, environment)
    yield from _collect_outcomes(told.outcomes, environment)


def collect_failures(found: FailureFinding | None, environment: str) -> Iterator[Metric]:
    """Collect the metrics of a model that fails; without a value where no model decides."""
    values: dict[str, tuple[str, Callable[[FailureFinding], float]]] = {
        "watch_failing": ("1 when the model fails beyond its budget, and still does", lambda one: one.is_alarm),
        "watch_failing_share": ("People of five minutes for whom the model failed or was late", lambda one: one.share),
        "watch_failing_budget": ("The share of them that it may be", lambda one: one.budget),
        "watch_failing_evidence": ("Evidence that it is more", lambda one: one.evidence),
        "watch_failing_evidence_limit": ("The evidence that is an alarm", lambda one: one.threshold),
    }
    for name, (text, read) in values.items():
        gauge = GaugeMetricFamily(name, text, labels=["environment"])
        if found is not None:
            gauge.add_metric([environment], float(read(found)))
        yield gauge


def _collect_drift(drift: DriftReport | None, environment: str) -> Iterator[Metric]:
    is_drift = GaugeMetricFamily(
        "watch_drift", "1 when a figure of the last period differs", labels=["environment", "figure"]
    )
    moved = GaugeMetricFamily(
        "watch_drift_moved", "The share of people who would have to be in another bin", labels=["environment", "figure"]
    )
    for one in drift.findings if drift else ():
        is_drift.add_metric([environment, one.figure], float(one.is_drift))
        moved.add_metric([environment, one.figure], one.moved)
    yield is_drift
    yield moved


def _collect_refusals(refusals: RefusalReport | None, environment: str) -> Iterator[Metric]:
    labels = ["environment", "field"]
    beyond = GaugeMetricFamily("watch_refused", "1 when the last whole day was beyond the limit", labels=labels)
    share = GaugeMetricFamily("watch_refused_share", "The share of today's requests refused for it", labels=labels)
    for one in refusals.judged if refusals else ():
        beyond.add_metric([environment, one.field], float(one.is_told))
    for one in refusals.running if refusals else ():
        share.add_metric([environment, one.field], one.share)
    yield beyond
    yield share


def _collect_outcomes(outcomes: OutcomeReport | None, environment: str) -> Iterator[Metric]:
    shown: dict[tuple[int, GroupName], list[OutcomeFinding]] = {}
    for one in outcomes.findings if outcomes else ():
        shown.setdefault((one.age, one.group), []).append(one)
    labels = ["environment", "age", "attribute", "group"]
    values: dict[str, tuple[str, Callable[[list[OutcomeFinding]], float]]] = {
        "watch_outcome_bad_rate": ("Bad outcomes of the newest month of this age", lambda of: of[0].rate),
        "watch_outcome_bad_rate_low": ("The lower end of its interval", lambda of: of[0].interval[0]),
        "watch_outcome_bad_rate_high": ("The upper end of its interval", lambda of: of[0].interval[1]),
        "watch_outcome_expected": ("What was promised, or earlier months had", lambda of: of[0].expected),
        "watch_outcome_differs": ("1 when it differs by more than chance", lambda of: any(o.is_different for o in of)),
    }
    for name, (text, read) in values.items():
        family = GaugeMetricFamily(name, text, labels=labels)
        for (age, group), of in shown.items():
            family.add_metric([environment, str(age), *_SHOWN.get(group, group)], float(read(of)))
        yield family
    unknown = GaugeMetricFamily(
        "watch_outcome_unknown", "The share of that month whose outcome is not known", labels=["environment", "age"]
    )
    for age, share in (outcomes.unknown if outcomes else {}).items():
        unknown.add_metric([environment, str(age)], share)
    yield unknown

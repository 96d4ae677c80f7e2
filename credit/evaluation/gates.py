"""Whether a candidate is good enough to decide about people at all: gates on the figures of `reports/metrics.json`.

A figure that is missing fails its gate. Equal treatment is judged apart, by `credit.fairness`.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from credit.common.params import Params

RankingMetric = Literal["roc_auc", "average_precision", "ks", "accuracy", "expected_value"]
"""The figures by which candidates can be compared without knowing which way is better."""


class MinimumGain(Params):
    """A figure against another version's. `by`: the least difference."""

    metric: RankingMetric
    by: float


class QualityGates(Params):
    """The block `choose.gates`. A gate that is null is not applied. The limits are choices of this project."""

    lowest_roc_auc: float | None = Field(ge=0.5, le=1)
    highest_calibration_error: float | None = Field(ge=0, le=1)
    gain_over_rule: MinimumGain | None
    against_production: MinimumGain | None
    rule: str


def judge_quality(
    candidate: str, metrics: Mapping[str, Mapping[str, Any]], gates: QualityGates, production: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Judge one candidate of `metrics` (by name). `production`: the figures of the version that is live, None if none.

    JSON-ready: each gate with its value, its limit, whether it passes, and the reason in one sentence.
    """
    own = metrics.get(candidate, {})
    findings = []
    if gates.lowest_roc_auc is not None:
        findings.append(_judge_limit("roc_auc", _read_metric(own, "roc_auc"), "at least", gates.lowest_roc_auc))
    if gates.highest_calibration_error is not None:
        error = _read_metric(own, "calibration_error")
        findings.append(_judge_limit("calibration_error", error, "at most", gates.highest_calibration_error))
    if gates.gain_over_rule is not None and candidate != gates.rule:
        rule = metrics.get(gates.rule, {})
        findings.append(_judge_gain("gain over the rule", own, rule, gates.gain_over_rule))
    if gates.against_production is not None and production is not None:
        findings.append(_judge_gain("change against production", own, production, gates.against_production))
    return {"candidate": candidate, "passes": all(item["passes"] for item in findings), "findings": findings}


def _read_metric(figures: Mapping[str, Any], name: str) -> float | None:
    """A figure, None where it is absent, null, not a number or not finite."""
    value = figures.get(name)
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known and value is not None else None


def _judge_gain(what: str, own: Mapping[str, Any], other: Mapping[str, Any], gain: MinimumGain) -> dict[str, Any]:
    mine, theirs = _read_metric(own, gain.metric), _read_metric(other, gain.metric)
    value = None if mine is None or theirs is None else mine - theirs
    return _judge_limit(f"{gain.metric}, {what}", value, "at least", gain.by)


def _judge_limit(gate: str, value: float | None, side: str, limit: float) -> dict[str, Any]:
    if value is None:
        passes, told = False, "missing, and what is missing fails"
    else:
        passes = value >= limit - 1e-12 if side == "at least" else value <= limit + 1e-12
        told = f"{value:.4f}, {'within' if passes else 'beyond'} the limit of {side} {limit:g}"
    return {
        "gate": gate,
        "value": value,
        "limit": limit,
        "passes": passes,
        "reason": f"{gate.replace('_', ' ')}: {told}.",
    }

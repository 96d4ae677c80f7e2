"""Quality gates on the figures of `reports/metrics.json`: whether a candidate may decide about people at all.

A figure that is missing fails its gate. Equal treatment is judged apart, by `credit.fairness`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import Field

from credit.common.candidate_names import HEURISTIC
from credit.common.params import Params
from credit.reports.metrics import CandidateMetrics, RankingMetric


class MinimumGain(Params):
    """A figure against another version's. `by`: the least difference."""

    metric: RankingMetric
    by: float


class DirectionGate(Params):
    """How far a candidate may go against the directions of the contract.

    `largest_fall`: of a score, on average of all people, as the value of one feature gets better. `blocks`: whether a
    candidate beyond it is out, or it is only said.
    """

    largest_fall: float = Field(ge=0, le=1)
    blocks: bool


class QualityGates(Params):
    """The block `choose.gates`. A gate that is null is not applied. The limits are choices of this project."""

    lowest_roc_auc: float | None = Field(ge=0.5, le=1)
    highest_calibration_error: float | None = Field(ge=0, le=1)
    gain_over_rule: MinimumGain | None
    against_production: MinimumGain | None
    against_directions: DirectionGate | None = None


class GateFinding(NamedTuple):
    """One gate: its figure, None where that is missing, its limit, and the result in one sentence."""

    gate: str
    value: float | None
    limit: float
    passes: bool
    reason: str
    warns: bool = False
    """Beyond the limit of a gate that does not block."""


def judge_quality(
    candidate: str,
    metrics: Mapping[str, CandidateMetrics],
    gates: QualityGates,
    production: CandidateMetrics | None,
) -> tuple[GateFinding, ...]:
    """Judge one candidate of `metrics` (by name) by each gate that applies. A candidate without figures fails them.

    `production`: the figures of the version that is live, None if none.
    """
    own, rule = metrics.get(candidate), metrics.get(HEURISTIC)
    findings = []
    if gates.lowest_roc_auc is not None:
        value = own.roc_auc if own else None
        findings.append(_judge_limit("roc_auc", value, "at least", gates.lowest_roc_auc))
    if gates.highest_calibration_error is not None:
        error = own.calibration_error if own else None
        findings.append(_judge_limit("calibration_error", error, "at most", gates.highest_calibration_error))
    if gates.gain_over_rule is not None and candidate != HEURISTIC:
        findings.append(_judge_gain("gain over the rule", own, rule, gates.gain_over_rule))
    if gates.against_production is not None and production is not None:
        findings.append(_judge_gain("change against production", own, production, gates.against_production))
    if gates.against_directions is not None and candidate != HEURISTIC:
        findings.append(_judge_directions(own, gates.against_directions))
    return tuple(findings)


def _judge_directions(own: CandidateMetrics | None, gate: DirectionGate) -> GateFinding:
    """Judge by the feature that goes against its direction most, and name every one beyond the limit."""
    name, limit = "against_directions", gate.largest_fall
    if own is None:
        return _judge_limit(name, None, "at most", limit)
    worst = max((one.mean_fall for one in own.directions), default=0.0)
    finding = _judge_limit(name, worst, "at most", limit)
    beyond = sorted((one for one in own.directions if one.mean_fall > limit), key=lambda one: -one.mean_fall)
    told = "; ".join(
        f"{one.feature}, of which more is {one.more_is}: the score falls for {one.people:.0%} of the people, by "
        f"{one.mean_fall:.3f} on average and {one.largest_fall:.3f} at most, as it gets better"
        for one in beyond
    )
    reason = finding.reason if not beyond else f"{finding.reason.rstrip('.')}; {told}."
    is_lenient = not finding.passes and not gate.blocks
    reason = f"{reason} It warns and does not block." if is_lenient else reason
    return finding._replace(passes=finding.passes or is_lenient, reason=reason, warns=is_lenient)


def _judge_gain(
    what: str, own: CandidateMetrics | None, other: CandidateMetrics | None, gain: MinimumGain
) -> GateFinding:
    mine, theirs = (figures.get_value(gain.metric) if figures else None for figures in (own, other))
    value = None if mine is None or theirs is None else mine - theirs
    return _judge_limit(f"{gain.metric}, {what}", value, "at least", gain.by)


def _judge_limit(gate: str, value: float | None, side: str, limit: float) -> GateFinding:
    if value is None:
        passes, result = False, "missing, and what is missing fails"
    else:
        passes = value >= limit - 1e-12 if side == "at least" else value <= limit + 1e-12
        result = f"{value:.4f}, {'within' if passes else 'beyond'} the limit of {side} {limit:g}"
    return GateFinding(gate, value, limit, passes, f"{gate.replace('_', ' ')}: {result}.")

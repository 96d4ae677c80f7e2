"""Find who is better than the incumbent: what its going forward costs, in quality and in equal treatment."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from credit.choice.champion import ChooseParams
from credit.contract import Contract
from credit.evaluation.metrics import UnitValues
from credit.evaluation.paired import Judged, QualityChange, estimate_quality_change
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from credit.fairness.verdicts import VERDICT_ORDER
from credit.fairness.versions.comparison import compare_versions, count_paired_predictions
from credit.fairness.waivers import draft_waiver
from credit.reports.choice import BetterCandidate, Choice
from credit.reports.fairness import ChangeFinding, FairnessVerdict, LowestRatio
from credit.reports.figures import ADVERSE_IMPACT_RATIO


class Standards(NamedTuple):
    """What two candidates are compared by."""

    choose: ChooseParams
    fairness: Fairness
    values: UnitValues


def find_better_candidates(
    choice: Choice,
    standards: Standards,
    contract: Contract,
    predictions: Mapping[str, Predictions],
    verdicts: Mapping[str, FairnessVerdict],
) -> tuple[BetterCandidate, ...]:
    """Find the candidates that are better than the incumbent on both counts, about the same people.

    Better: the figure that decides is higher, and surely not lower by the margin of non-inferiority (the lower end of
    the paired interval); the group that fares worst by the incumbent fares better, no other fares worse by more than
    `fairness.rules.largest_drop` and chance, and no figure has a worse verdict. `predictions` and `verdicts` are by
    candidate.
    """
    incumbent = choice.incumbent
    before, better = verdicts[incumbent].lowest_adverse_impact_ratio, []
    for name, verdict in verdicts.items():
        after = verdict.lowest_adverse_impact_ratio
        if name == incumbent or before is None or after is None or after.value <= before.value:
            continue
        quality = _compare_quality(standards, predictions[incumbent], predictions[name])
        no_worse = quality.low > -standards.choose.noninferiority_margin
        changes = _compare_groups(standards, contract, predictions[incumbent], predictions[name])
        if not (quality.value > 0 and no_worse and _treats_better(changes, before, standards)):
            continue
        if _has_worse_verdicts(verdicts[incumbent], verdict):
            continue
        better.append(
            BetterCandidate(
                candidate=name,
                quality_change=quality.value,
                quality_change_interval=(quality.low, quality.high),
                worst_group_ratio=after.value,
                incumbent_worst_group_ratio=before.value,
                waivers=_draft_waivers(choice, verdict, name),
            )
        )
    return tuple(better)


def _compare_quality(standards: Standards, incumbent: Predictions, candidate: Predictions) -> QualityChange:
    first, second = (Judged(one.scores, one.decisions) for one in (incumbent, candidate))
    level = standards.fairness.rules.level
    return estimate_quality_change(
        standards.choose.metric, candidate.favourable, first, second, standards.values, level
    )


def _compare_groups(
    standards: Standards, contract: Contract, incumbent: Predictions, candidate: Predictions
) -> tuple[ChangeFinding, ...]:
    counts = count_paired_predictions(contract, incumbent, candidate, "the incumbent's predictions")
    limit = standards.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    return compare_versions(counts, limit, standards.fairness.rules).findings


def _treats_better(changes: Sequence[ChangeFinding], worst: LowestRatio, standards: Standards) -> bool:
    """Tell whether the group that fared worst gains, and no primary group surely loses more than is tolerated."""
    rules = standards.fairness.rules
    gains = {(one.attribute, one.group): one.adverse_impact_ratio_change or 0.0 for one in changes}
    loses = any(
        _find_upper_end(one) < 0 and gains[one.attribute, one.group] < -rules.largest_drop
        for one in changes
        if rules.primary is None or one.attribute in rules.primary
    )
    return gains[worst.attribute, worst.group] > 0 and not loses


def _find_upper_end(change: ChangeFinding) -> float:
    _, high = change.adverse_impact_ratio_change_interval or (None, None)
    return math.inf if high is None else high


def _has_worse_verdicts(incumbent: FairnessVerdict, candidate: FairnessVerdict) -> bool:
    before = {(one.attribute, one.group, one.measure): VERDICT_ORDER.index(one.verdict) for one in incumbent.findings}
    return any(
        VERDICT_ORDER.index(one.verdict) < before.get((one.attribute, one.group, one.measure), len(VERDICT_ORDER))
        for one in candidate.findings
        if one.verdict in ("fail", "unequal")
    )


def _draft_waivers(choice: Choice, verdict: FairnessVerdict, name: str) -> tuple[str, ...]:
    """Draft the waivers that a candidate needs; none where they would not be enough."""
    blocking = [finding for finding in verdict.findings if finding.blocks]
    enough = len(choice.candidates[name].against) == len(blocking)
    return tuple(draft_waiver(name, finding) for finding in blocking) if enough else ()

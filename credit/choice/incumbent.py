"""Find who is better than the incumbent: what its going forward costs, in quality and in equal treatment."""

from collections.abc import Mapping
from typing import NamedTuple

from credit.choice.champion import ChooseParams
from credit.contract import Contract
from credit.evaluation.metrics import UnitValues
from credit.evaluation.paired import Judged, QualityChange, estimate_quality_change
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from credit.fairness.versions.comparison import compare_versions, count_paired_predictions
from credit.fairness.waivers import draft_waiver
from credit.reports.choice import BetterCandidate, Choice
from credit.reports.fairness import FairnessVerdict
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
    the paired interval); the worst-group ratio is higher, and for no group has the ratio dropped as would forbid a new
    version. `predictions` and `verdicts` are by candidate.
    """
    incumbent = choice.incumbent
    before, better = verdicts[incumbent].lowest_adverse_impact_ratio, []
    for name, verdict in verdicts.items():
        after = verdict.lowest_adverse_impact_ratio
        if name == incumbent or before is None or after is None or after.value <= before.value:
            continue
        change = _compare_quality(standards, predictions[incumbent], predictions[name])
        no_worse = change.low > -standards.choose.noninferiority_margin
        if change.value <= 0 or not no_worse or _treats_worse(standards, contract, predictions, incumbent, name):
            continue
        better.append(
            BetterCandidate(
                candidate=name,
                quality_change=change.value,
                quality_change_interval=(change.low, change.high),
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


def _treats_worse(
    standards: Standards, contract: Contract, predictions: Mapping[str, Predictions], incumbent: str, name: str
) -> bool:
    counts = count_paired_predictions(
        contract, predictions[incumbent], predictions[name], f"predictions of {incumbent}"
    )
    limit = standards.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    return compare_versions(counts, limit, standards.fairness.rules).blocks


def _draft_waivers(choice: Choice, verdict: FairnessVerdict, name: str) -> tuple[str, ...]:
    """Draft the waivers that a candidate needs; none where they would not be enough."""
    blocking = [finding for finding in verdict.findings if finding.blocks]
    enough = len(choice.candidates[name].against) == len(blocking)
    return tuple(draft_waiver(name, finding) for finding in blocking) if enough else ()

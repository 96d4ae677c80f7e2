"""How far the figures of a shipped candidate move when it is trained again and nothing but the seed changes."""

from collections.abc import Iterable

from credit.evaluation.metrics import DecisionArray, LabelArray, ScoreArray, UnitValues, compute_metrics
from credit.reports.choice import SeedStability
from credit.reports.metrics import CandidateMetrics
from credit.stability.repeats import measure_spread


def measure_seeds(
    y: LabelArray, scored: Iterable[tuple[ScoreArray, DecisionArray]], values: UnitValues
) -> SeedStability | None:
    """Measure the spread of every figure on the test rows over fits, the shipped one first; the rule has one fit.

    y: of the test rows, shape (n,). None where all of them are of one class.
    """
    if y.all() or not y.any():
        return None
    fits = [compute_metrics(y, scores, decisions, values) for scores, decisions in scored]
    values_of = {name: [one.get_value(name) for one in fits] for name in CandidateMetrics.list_names()}
    spreads = {name: measure_spread(own) for name, own in values_of.items() if name != "rows" and None not in own}
    auc = spreads.get("roc_auc")
    if auc is None:
        return None
    deviations = {name: one.deviation for name, one in spreads.items() if one}
    return SeedStability(
        fits=len(fits), roc_auc=auc, expected_value=spreads.get("expected_value"), deviations=deviations
    )

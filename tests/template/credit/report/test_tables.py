"""Tables of the report: alternatives in as many rows as somebody reads, and thresholds of what has some."""

import pytest

from credit.report.alternatives.table import MOST_ROWS, build_alternatives_table, label_mark
from credit.report.results import Results
from credit.report.stability import describe_stability
from testing.report_drafts import Draft


def test_the_marked_points_are_listed_and_some_of_the_frontier_from_end_to_end(draft: Draft) -> None:
    for place, point in enumerate(draft.alternatives["points"]):
        if not point["mark"]:
            point |= {"adverse_impact_ratio": 0.9 + place / 1000, "expected_value": 0.9 - place / 10000}
    rows = build_alternatives_table(draft.finish())
    marked = [row for row in rows if row.mark]
    others = [float(row.ratio.value) for row in rows if not row.mark]
    assert len(marked) == sum(bool(point["mark"]) for point in draft.alternatives["points"])
    assert len(others) == MOST_ROWS
    assert others == sorted(others, reverse=True)
    ratios = [point["adverse_impact_ratio"] for point in draft.alternatives["points"] if not point["mark"]]
    assert (others[0], others[-1]) == pytest.approx((max(ratios), min(ratios)), abs=5e-4)


def test_a_mark_says_who_is_the_incumbent_and_what_the_gates_mostly_do(results: Results) -> None:
    points = {point.mark: point for point in results.alternatives.points if point.mark}
    assert label_mark(points["champion"], "heuristic") == "goes forward, the incumbent"
    assert label_mark(points["champion"], "logistic") == "goes forward"
    within = points["within_limits"].model_copy(update={"blocked": 0.4})
    assert label_mark(within, "heuristic") == "best within every limit, mostly let through"
    assert label_mark(within.model_copy(update={"blocked": 0.5}), "heuristic") == "best within every limit"


def test_the_rule_has_no_thresholds_in_folds(results: Results) -> None:
    summary = describe_stability(results)
    assert summary is not None
    thresholds = {row.words: row.thresholds for row in summary.rows}
    assert "in folds" not in thresholds["rule"]
    assert "in folds" in thresholds["logistic regression"]

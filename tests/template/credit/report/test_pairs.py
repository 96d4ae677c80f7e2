"""Pairs of attributes in short: what stands out in them is about people who can be judged."""

from credit.common.formatting import DASH
from credit.report.groups import summarise_pairs
from credit.report.results import Results
from credit.reports.figures import ADVERSE_IMPACT_RATIO
from testing.report_drafts import Draft


def test_the_lowest_ratio_of_pairs_is_of_people_who_can_be_judged(results: Results) -> None:
    """One unmarried applicant who is denied is a ratio of 0, and says nothing."""
    for told, judged in zip(summarise_pairs(results), results.judged.values(), strict=True):
        shown = [item for item in judged.pairs if item.measure == ADVERSE_IMPACT_RATIO and item.value is not None]
        lowest = min((item for item in shown if item.verdict != "not assessable"), key=lambda item: item.value)
        assert told.lowest.value == f"{lowest.value:.3f}"
        assert told.whom.startswith(f"{lowest.group} (")
        assert "_" not in told.whom


def test_where_no_pair_can_be_judged_there_is_no_lowest_ratio(draft: Draft) -> None:
    for judged in draft.judged.values():
        for item in judged["pairs"]:
            item["verdict"] = "not assessable"
    assert {(told.lowest.value, told.whom) for told in summarise_pairs(draft.finish())} == {(DASH, DASH)}


def test_a_ratio_that_is_only_reported_is_not_that_of_a_few_either(draft: Draft) -> None:
    """A policy can gate pairs and only report ratios; then no verdict says that there are too few people."""
    for judged in draft.judged.values():
        for item in judged["pairs"]:
            item["verdict"] = "reported"
    for told in summarise_pairs(draft.finish()):
        assert int(told.whom.split()[-2]) >= draft.base.fairness.rules.smallest_denominator

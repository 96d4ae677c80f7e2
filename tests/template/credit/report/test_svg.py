"""What is drawn lies where its number says."""

import re

import pytest

from credit.common.formatting import DASH, MINUS
from credit.report.alternatives.frontier import describe_frontier
from credit.report.alternatives.picture import place_letters
from credit.report.alternatives.table import MOST_ROWS
from credit.report.forest import Forest, ForestMark, draw_forests
from credit.report.results import Results
from credit.report.svg import BOTTOM, LEFT, RIGHT, TOP, PlotDot, Scale, fit_scale
from testing.report_drafts import Draft

WAIVER = {"file": "waivers/a.yaml", "used": True, "who": "the board", "why": "w", "until": "2027-01-01"}


def marks(forest: Forest, group: str) -> dict[str, ForestMark]:
    rows = [row for attribute in forest.attributes for row in attribute.rows if row.group == group]
    return {mark.candidate: mark for mark in rows[0].marks}


def number(tick: str) -> float:
    return float(tick.replace(MINUS, "-"))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.63, 1.19), (-0.13, 0.07), (-3, 4000), (0.7991, 0.8009), (1e6, 1e6 + 1)]
)
def test_ticks_are_few_round_and_at_their_place(low: float, high: float) -> None:
    scale = Scale(low, high, 0, 1000)
    ticks = scale.choose_ticks()
    assert 2 <= len(ticks) <= 6
    for tick in ticks:
        assert tick.at == pytest.approx(scale.place(number(tick.text)), abs=1e-6 * 1000)
        assert 0 <= tick.at <= 1000


def test_an_axis_around_one_number_has_room() -> None:
    scale = fit_scale([0.8], 0, 100)
    assert scale.low < 0.8 < scale.high
    assert scale.place(0.8) == 50


def test_a_mark_on_the_limit_is_drawn_on_the_limit(draft: Draft) -> None:
    item = next(i for i in draft.judged["logistic"]["findings"] if i["group"] == "Hispanic")
    item |= {"value": 0.8, "interval": [0.8, 1.0]}
    forest = draw_forests(draft.finish())[0]
    mark = marks(forest, "Hispanic")["logistic regression"]
    assert mark.at == mark.low == forest.limits[0]
    assert mark.high == forest.equal


def test_every_group_of_every_attribute_has_a_row_and_says_why_nothing_is_drawn(results: Results) -> None:
    forest = draw_forests(results)[0]
    assert [attribute.name for attribute in forest.attributes] == ["race", "sex", "schooling", "marital status", "age"]
    race = {row.group: row for row in forest.attributes[0].rows}
    assert race.keys() == {"Black", "Hispanic", "undisclosed"}
    assert race["undisclosed"].note == "nobody to judge"
    assert race["Black"].note == "70% of the reference's approvals would be found with 100%"
    few = forest.attributes[3].rows[-1]
    assert (few.group, few.people, few.marks) == ("undisclosed", 3, ())
    assert few.note.startswith("no group that is judged")


def test_what_follows_from_a_verdict_is_in_words(draft: Draft) -> None:
    findings = draft.judged["heuristic"]["findings"]
    black = next(item for item in findings if item["group"] == "Black")
    mark = marks(draw_forests(draft.finish())[0], "Black")["rule"]
    assert (mark.kind, mark.action) == ("unequal", "blocks")
    assert "0.779" in mark.description
    assert mark.description.endswith("Verdict: unequal, blocks.")
    black |= {"blocks": False, "warn": True, "waiver": WAIVER}
    assert marks(draw_forests(draft.finish())[0], "Black")["rule"].action == "waived"


def test_an_interval_without_an_upper_bound_reaches_to_the_end(draft: Draft) -> None:
    black = next(item for item in draft.judged["heuristic"]["findings"] if item["group"] == "Black")
    black["interval"] = [0.7, None]
    mark = marks(draw_forests(draft.finish())[0], "Black")["rule"]
    assert (mark.high, mark.interval) == (100, "0.700 and more")


def test_a_figure_that_one_candidate_lacks_is_words_in_its_row(draft: Draft) -> None:
    black = next(item for item in draft.judged["heuristic"]["findings"] if item["group"] == "Black")
    black |= {"value": None, "interval": None, "verdict": "not assessable", "blocks": False}
    black["reason"] = "race Black: adverse impact ratio needs 10 people, the group has 3."
    found = marks(draw_forests(draft.finish())[0], "Black")
    assert found["rule"].at is None
    assert found["rule"].interval == "Adverse impact ratio needs 10 people, the group has 3."
    assert found["logistic regression"].at is not None


def test_an_attribute_whose_only_group_is_the_reference_has_no_rows(draft: Draft) -> None:
    for judged in draft.judged.values():
        judged["groups"] = {k: v for k, v in judged["groups"].items() if not k.startswith("sex: ") or k == "sex: male"}
        judged["findings"] = [item for item in judged["findings"] if item["attribute"] != "sex"]
    sex = draw_forests(draft.finish())[0].attributes[1]
    assert (sex.reference, sex.rows) == ("male, 1,596 people", ())


def test_a_ratio_that_is_only_reported_is_drawn_without_a_limit(results: Results) -> None:
    policy = results.fairness.model_copy(update={"policy": "equal_opportunity"})
    drawn = {forest.measure: forest for forest in draw_forests(results._replace(fairness=policy))}
    assert drawn["adverse_impact_ratio"].limits == ()
    assert len(drawn["true_positive_rate_difference"].limits) == 1


def test_the_points_of_the_frontier_lie_where_their_numbers_say(results: Results) -> None:
    picture = describe_frontier(results).picture
    assert picture
    assert len(picture.dots) == len(results.alternatives.points)
    ticks = {number(tick.text): tick.at for tick in picture.x_ticks}
    (first, at), (second, other) = sorted(ticks.items())[:2]
    champion = next(dot for dot in picture.dots if "champion" in dot.kind)
    ratio = next(p for p in results.alternatives.points if p.mark == "champion").adverse_impact_ratio
    assert champion.x == pytest.approx(at + (ratio - first) / (second - first) * (other - at), abs=0.2)


def test_a_frontier_of_one_point_is_drawn_and_of_none_is_not(draft: Draft) -> None:
    points = draft.alternatives["points"]
    draft.alternatives["points"] = points[:1]
    found = describe_frontier(draft.finish())
    assert found.picture
    assert len(found.picture.dots) == len(found.points) == 1
    points[0]["adverse_impact_ratio"] = points[0]["adverse_impact_ratio_interval"] = points[0]["group"] = None
    found = describe_frontier(draft.finish())
    assert found.picture is None
    assert found.keys == ()
    assert (found.points[0].ratio.value, found.points[0].whom) == (DASH, DASH)


def test_the_table_has_the_marked_points_first_and_no_others_but_the_drawn_frontier(results: Results) -> None:
    found = describe_frontier(results)
    marked = [bool(point.mark) for point in found.points]
    assert marked == sorted(marked, reverse=True)
    points = [(p.adverse_impact_ratio, p.expected_value, p.mark) for p in results.alternatives.points]
    least = min(value for _, value, mark in points if mark)
    beaten = [any(o[:2] != one[:2] and o[0] >= one[0] and o[1] >= one[1] for o in points) for one in points]
    shown = [one for one, lost in zip(points, beaten, strict=True) if one[2] or (not lost and one[1] >= least)]
    others = len(shown) - sum(marked)
    assert len(found.points) == sum(marked) + min(others, MOST_ROWS)
    drawn = {(f"{ratio:.3f}", f"{value:.3f}") for ratio, value, _ in shown}
    assert {(row.ratio.value, row.quality) for row in found.points} <= drawn


def test_letters_do_not_cover_each_other_and_stay_inside() -> None:
    dots = [PlotDot("marked", "circle", 200.0 + i, 50.0 + i) for i in range(4)] + [
        PlotDot("marked", "circle", RIGHT, TOP)
    ]
    labels = place_letters(dots)
    assert [label.text for label in labels] == list("ABCDE")
    for one in labels:
        assert LEFT < one.x < RIGHT
        assert TOP < one.y < BOTTOM
        assert all(one is other or abs(one.x - other.x) > 12 or abs(one.y - other.y) > 12 for other in labels)


def test_alternative_text_says_the_finding_in_numbers(results: Results) -> None:
    picture = describe_frontier(results).picture
    assert picture
    assert len(re.findall(r"\d\.\d{3}", picture.description)) >= 8

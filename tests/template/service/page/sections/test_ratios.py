"""The ratio of each group over the day, from counts that are known."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from credit.contract.columns import Column
from credit.decision_log.counting.hourly import Cell
from credit.decision_log.counting.summary import DecisionCounts, DecisionSummary
from service.page.decision_times import DecisionTimes
from service.page.ratio_limit import ShownLimit
from service.page.section import SectionSource
from service.page.sections.ratios import GroupRatios, RatiosShown, describe

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
RACE = Column.model_validate(
    {"type": "category", "role": "protected", "allowed": ["white", "Black"], "reference": "white", "description": "d"}
)


class _Serving:
    """What a section reads of the live version."""

    def __init__(self) -> None:
        self.bundle = self.contract = self
        self.protected = {"race": RACE}


def count(hours_ago: int, group: str, people: int, approved: int) -> DecisionCounts:
    """Count people of a group that were decided in one hour."""
    hour = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    cell = Cell("prod", hour, 1, "v1.0.0", "approve", "model", None)
    found: DecisionCounts = Counter()
    for decision, number in (("approve", approved), ("deny", people - approved)):
        for attribute, value in ((None, None), ("race", group)):
            found[cell._replace(decision=decision, attribute=attribute, value=value)] = number
    return found


def shown(*counts: DecisionCounts, limit: float | None = 0.8) -> RatiosShown | None:
    recent = DecisionSummary(sum(counts, Counter()))
    words = "0.8, the limit of a test" if limit is not None else "no limit"
    source = SectionSource(
        cast(Any, None), NOW, cast(Any, _Serving()), recent, ShownLimit(limit, words), DecisionTimes()
    )
    found = describe(source)
    return None if found is None else cast(RatiosShown, found.values)


def only_group(found: RatiosShown | None) -> GroupRatios:
    assert found is not None
    ((group,),) = (one.groups for one in found.attributes)
    return group


def test_each_hour_has_its_ratio_at_its_place_and_the_day_has_one() -> None:
    hours = [(24, 90), (10, 81), (0, 45)]
    group = only_group(
        shown(*(count(ago, "white", 100, 90) + count(ago, "Black", 100, approved) for ago, approved in hours))
    )
    assert [point.said.rpartition(" ")[2] for point in group.points] == ["1.00", "0.90", "0.50"]
    assert [point.said[:14] for point in group.points] == ["15:00 to 16:00", "05:00 to 06:00", "15:00 to 16:00"]
    assert [point.is_below for point in group.points] == [False, False, True]
    assert [point.place for point in group.points] == [0, 14, 24]
    assert group.points[0].x < group.points[1].x < group.points[2].x
    assert group.points[0].y < group.points[1].y < group.points[2].y, "a lower ratio is drawn lower"
    assert (group.whole, group.is_below) == ("0.80", False)
    assert group.lines == [], "there is a gap between any two"
    assert "05:00 to 06:00: 0.90" in group.said


def test_a_line_connects_neighbours_only() -> None:
    counts = [count(ago, one, 50, 40) for ago in (9, 8, 7, 3, 2) for one in ("white", "Black")]
    assert [len(line.split()) for line in only_group(shown(*counts)).lines] == [3, 2]


def test_a_ratio_of_few_people_is_marked_and_one_of_fewer_than_five_is_not_drawn() -> None:
    counts = [count(ago, one, 100, 80) for ago in (9, 8, 7) for one in ("white", "Black")]
    few = count(5, "white", 100, 80) + count(5, "Black", 29, 10)
    tiny = count(4, "white", 100, 80) + count(4, "Black", 4, 0)
    points = only_group(shown(*counts, few, tiny)).points
    assert [point.is_few for point in points] == [False, False, False, True]
    assert points[3].said.endswith("0.43, of few people")


def test_hours_are_taken_together_where_they_have_few_people() -> None:
    counts = [count(ago, "white", 12, 9) + count(ago, "Black", 12, 6) for ago in range(24)]
    found = shown(*counts)
    assert found is not None
    assert found.attributes[0].hours == 3, "twelve people an hour are thirty in three"
    points = only_group(found).points
    assert {point.said.rpartition(" ")[2] for point in points if not point.is_few} == {"0.66"}
    assert len(points) == 9


@pytest.mark.parametrize("ratio", [0.0, 5.0])
def test_what_is_beyond_the_drawing_is_at_its_edge(ratio: float) -> None:
    found = shown(count(1, "white", 100, 20), count(1, "Black", 100, int(20 * ratio)))
    (point,) = only_group(found).points
    assert found is not None
    assert point.y in (0.0, found.height)
    assert point.said.endswith(f"{ratio:.2f}")


def test_without_a_limit_nothing_is_below_it_and_no_line_is_drawn() -> None:
    found = shown(count(1, "white", 100, 90), count(1, "Black", 100, 10), limit=None)
    assert not only_group(found).is_below
    assert found is not None
    assert [level.kind for level in found.levels] == ["parity"]
    assert found.limit == "There is no limit."


def test_the_line_that_is_the_limit_is_named() -> None:
    """A limit of 1 is the line of parity, and no other is drawn."""
    for limit, kinds, said in ((0.8, ["parity", "limit"], "The broken line"), (1.0, ["parity"], "The line of 1")):
        found = shown(count(1, "white", 100, 90), count(1, "Black", 100, 10), limit=limit)
        assert found is not None
        assert [level.kind for level in found.levels] == kinds
        assert found.limit.startswith(f"{said} is the limit: ")


def test_where_no_group_can_be_shown_there_is_no_section() -> None:
    assert shown(count(1, "white", 100, 90), count(1, "Black", 4, 1)) is None
    assert shown() is None

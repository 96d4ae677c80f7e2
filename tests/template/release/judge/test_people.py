"""Who left the data is counted by group, and a group that lost too many is for the owners of the judge to see."""

from pathlib import Path

import pytest

from credit.reports.validation import ValidationReport
from release.compare.sides import Sides
from release.judge.people import Departure, find_departures
from release.repository.revision import Revision
from testing.lenders.frozen import LENDER


def find(monkeypatch: pytest.MonkeyPatch, folder: Path, groups: dict[str, dict[str, int]]) -> list[Departure]:
    """The lender's data as the base; the same with other people in some groups as the change's."""
    before = ValidationReport.read(LENDER / ValidationReport.PATH)
    after = {name: {**of, **groups.get(name, {})} for name, of in before.groups.items()}
    after = {name: {group: people for group, people in of.items() if people >= 0} for name, of in after.items()}
    before.model_copy(update={"groups": after}).write(folder / ValidationReport.PATH)
    monkeypatch.chdir(LENDER)
    side = Revision("the working tree", None)
    return find_departures(Sides(side, side), folder)


def test_nobody_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find(monkeypatch, tmp_path, {}) == []


def test_those_who_came_are_no_loss_and_the_largest_loss_is_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = find(monkeypatch, tmp_path, {"race": {"white": 1600, "Black": 60, "Hispanic": 500}})
    assert [(one.attribute, one.group, one.base, one.head) for one in found] == [
        ("race", "Black", 197, 60),
        ("race", "white", 1672, 1600),
    ]
    assert found[0].share == pytest.approx(137 / 197)


def test_a_group_that_is_gone_altogether_lost_everybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (one,) = find(monkeypatch, tmp_path, {"race": {"Black": -1}})
    assert (one.base, one.head, one.share) == (197, 0, 1)

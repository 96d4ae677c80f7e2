"""The groups of a version share alpha: of five lawful ones, each at the limit, none raises an alarm more often."""

import json
from typing import Any

import numpy as np
import pytest

from credit.contract.columns import Column
from watch.groups import list_watched_groups
from watch.judging import list_findings
from watch.reading import DecisionKey, Decisions
from watch.streams import EntryStreams, Judging, start_streams

LEVELS = ["a", "b", "c", "d", "e"]
CONTENT = {"type": "category", "role": "protected", "allowed": LEVELS, "reference": "a", "missing": "allowed"}
COLUMN = Column.model_validate(CONTENT | {"description": "d"})
NAMES = [*LEVELS, "undisclosed"]
GROUPS = list_watched_groups({"one": COLUMN, "two": COLUMN}, {"one": NAMES, "two": NAMES})
JUDGING = Judging(0.8, 0.05, 60, 0.05)
KEY = DecisionKey(1, "d" * 64, "v1.0.0", None)


def simulate(rng: np.random.Generator, ratio: float, number: int = 6_000, days: int = 60) -> Decisions:
    """Simulate decisions on people of two independent attributes, half of them of the reference group of both."""
    kinds = rng.choice(len(LEVELS), (number, 2), p=[0.6, 0.1, 0.1, 0.1, 0.1])
    share = 0.8 * np.where(kinds.any(axis=1), ratio, 1.0)
    texts = [json.dumps({"one": a, "two": b}) for a in LEVELS for b in LEVELS]
    return Decisions(
        moments=np.linspace(0, days * 86_400 - 1, number),
        kinds=np.where(rng.random(number) < share, "approve", "deny"),
        champion=np.ones(number, bool),
        keys=[KEY],
        key_of=np.zeros(number, np.int64),
        protected=texts,
        protected_of=kinds[:, 0] * len(LEVELS) + kinds[:, 1],
        ahead=np.zeros(number, bool),
        failed=np.zeros(number, bool),
    )


def watch(decisions: Decisions) -> EntryStreams:
    streams = start_streams(KEY, GROUPS, JUDGING)
    streams.feed(decisions, GROUPS, JUDGING)
    return streams


def test_alpha_is_shared_by_every_group_that_is_compared() -> None:
    """Four levels, the undisclosed and those that the contract does not list, of two attributes."""
    assert GROUPS.number == 12
    streams = watch(simulate(np.random.default_rng(1), 1.0))
    assert {one.threshold for one in list_findings(streams, 0.05, 0.05)} == {12 / 0.05}


def test_five_lawful_groups_raise_no_more_alarms_than_alpha() -> None:
    rng = np.random.default_rng(2)
    alarms = sum(
        any(one.is_alarm for one in list_findings(watch(simulate(rng, 0.8)), JUDGING.alpha, 0.05)) for _ in range(60)
    )
    assert alarms <= 0.05 * 60


def test_unequal_treatment_of_all_of_them_is_found_in_each() -> None:
    findings = list_findings(watch(simulate(np.random.default_rng(3), 0.4)), JUDGING.alpha, 0.05)
    assert len([one for one in findings if one.is_alarm]) == 8
    assert all(one.crossed is None for one in findings if one.stream == "rule")
    for one in findings:
        assert one.interval.high is not None
        assert one.interval.high < 0.8


def test_state_of_a_group_is_as_large_after_ten_times_as_many_decisions() -> None:
    def measure(number: int) -> int:
        return len(json.dumps(watch(simulate(np.random.default_rng(4), 0.9, number)).dump()))

    assert measure(20_000) < 1.1 * measure(2_000)


@pytest.mark.parametrize("content", ["null", "{}", '{"one": 7}', '{"three": "a"}'])
def test_whatever_is_logged_as_protected_is_a_group(content: str) -> None:
    codes = GROUPS.assign(content)
    named: list[Any] = [names[code] for names, code in zip(GROUPS.names.values(), codes, strict=True)]
    assert set(named) <= {"undisclosed", "other"}

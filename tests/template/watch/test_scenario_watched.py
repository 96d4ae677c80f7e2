"""The generated loan story, decided by the old rule as it comes: bias and drift are found where they were put."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.contract import load_contract
from credit.contract.groups import list_groups
from scenario.expected import compute_expected
from scenario.generate import generate
from scenario.params import Bias, Drift, ScenarioParams
from testing.lenders.frozen import ROOT
from watch.groups import list_watched_groups
from watch.judging import GroupFinding, list_findings
from watch.reading import DecisionKey, Decisions
from watch.streams import Judging, start_streams

CONTRACT = load_contract(ROOT / "data/contracts/scenario.yaml")
ATTRIBUTES = ("race", "gender", "education")
GROUPS = list_watched_groups(CONTRACT.protected, {name: list_groups(CONTRACT, name) for name in ATTRIBUTES})
FIRST, MIDDLE = date(2026, 1, 1), date(2026, 4, 1)
JUDGING = Judging(0.8, 0.01, 181, 0.05)
KEY = DecisionKey(1, "d" * 64, "v1.0.0", None)


def make_params(**knobs: Any) -> ScenarioParams:
    """Make a half-year in which every race has the same risk."""
    return ScenarioParams(rows=30_000, seed=3, first_day=FIRST, last_day=date(2026, 6, 30), risk_gap=0, **knobs)


def put_bias(points: float) -> Bias:
    return Bias(score={"Black": points}, label={}, proxy=0, missing=0)


def decide_by_rule(params: ScenarioParams, folder: Path) -> Decisions:
    """Decide as the old rule does: approve from 620 points on, refer without a score; in the order of the days."""
    generate(params, folder / "people.csv")
    people = pd.read_csv(folder / "people.csv", parse_dates=["applied_on"]).sort_values("applied_on", kind="stable")
    told = people[list(ATTRIBUTES)].astype(object).where(people[list(ATTRIBUTES)].notna(), None)
    places: dict[str, int] = {}
    protected_of = [places.setdefault(json.dumps(one), len(places)) for one in told.to_dict("records")]
    by_score = np.where(people.credit_score >= compute_expected(params).threshold, "approve", "deny")
    return Decisions(
        moments=(people.applied_on - pd.Timestamp(0)).dt.total_seconds().to_numpy(float),
        kinds=np.where(people.credit_score.isna(), "refer", by_score),
        champion=np.ones(len(people), bool),
        keys=[KEY],
        key_of=np.zeros(len(people), np.int64),
        protected=list(places),
        protected_of=np.array(protected_of),
        ahead=np.zeros(len(people), bool),
        failed=np.zeros(len(people), bool),
    )


def find_alarms(params: ScenarioParams, folder: Path) -> dict[str, GroupFinding]:
    streams = start_streams(KEY, GROUPS, JUDGING)
    streams.feed(decide_by_rule(params, folder), GROUPS, JUDGING)
    findings = list_findings(streams, JUDGING.alpha, 0.05)
    return {f"{one.attribute}: {one.group}": one for one in findings if one.is_alarm}


def test_with_parity_nobody_is_told_to_be_treated_unequally(tmp_path: Path) -> None:
    assert find_alarms(make_params(bias=Bias.parity()), tmp_path) == {}


@pytest.mark.parametrize("points", [30, 140])
def test_points_taken_off_one_group_are_found_where_the_truth_is_below_the_limit(points: float, tmp_path: Path) -> None:
    params = make_params(bias=put_bias(points))
    truth = compute_expected(params).model_dump()
    ratios = {
        name: truth[name]["adverse_impact_ratio"] for name in truth if name.startswith(("race", "gender", "educ"))
    }
    below = {name for name, ratio in ratios.items() if ratio is not None and ratio < 0.8}
    assert below == ({"race: Black"} if points == 140 else set())
    alarms = find_alarms(params, tmp_path)
    assert set(alarms) == below
    for name, one in alarms.items():
        assert one.interval.low < ratios[name] < (one.interval.high or 9)


def test_drift_that_is_switched_on_is_found_after_it_began(tmp_path: Path) -> None:
    """Poorer people of every group come from April on; of those who had points taken off fewer pass the threshold."""
    without = make_params(bias=put_bias(45))
    assert compute_expected(without).model_dump()["race: Black"]["adverse_impact_ratio"] > 0.8
    assert find_alarms(without, tmp_path) == {}
    (found,) = find_alarms(make_params(bias=put_bias(45), drift=Drift(covariate=-2)), tmp_path).values()
    assert found.group == "Black"
    assert found.crossed is not None
    assert MIDDLE <= found.crossed.date() < date(2026, 6, 30)

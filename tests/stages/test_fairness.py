"""Each candidate is judged on the rows that it decided about, whatever the group."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from credit.candidates import Candidate
from credit.columns import Column
from credit.contract import Contract, Source
from credit.errors import CreditError
from credit.fairness.policy import Fairness
from credit.fairness.waivers import Waiver
from credit.policy import Policy
from credit.rule import ThresholdRule
from stages.fairness import counted, judged

PARAMS = Fairness.model_validate(yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())["fairness"])
CONTRACT = Contract(
    name="t",
    row="r",
    source=Source(title="t", licence="l", citation="c"),
    columns={
        "score": Column(type="number", role="score", threshold=1, missing="allowed", description="d"),
        "race": Column(
            type="category",
            role="protected",
            allowed=("white", "Black"),
            reference="white",
            missing="allowed",
            description="d",
        ),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
TODAY = date(2026, 1, 1)


@pytest.fixture
def rule() -> Candidate:
    fitted = ThresholdRule(1).fit([[0, 0], [0, 0], [1, 0], [1, 0]], [0, 1, 1, 1])
    return Candidate("heuristic", fitted, ("score",), Policy(approve_from=0.9, refer_from=0.6))


def table(folder: Path, white: int, black: int, people: int = 1000) -> Path:
    """So many of each 100 people approved in each group; everybody pays."""
    score = [float(i % 100 < rate) for rate in (white, black) for i in range(people)]
    race = ["white"] * people + ["Black"] * people
    frame = pd.DataFrame({"score": score, "race": race, "paid": [i % 10 > 0 for i in range(2 * people)]})
    frame.to_parquet(folder / "test.parquet", index=False)
    return folder / "test.parquet"


def test_a_known_ratio_is_found_and_a_gap_that_large_blocks(rule: Candidate, tmp_path: Path) -> None:
    counts = counted(rule, CONTRACT, table(tmp_path, 90, 45))
    content = judged(counts, PARAMS, "heuristic", {}, TODAY)
    assert content["blocks"]
    assert content["groups"]["race: Black"]["adverse_impact_ratio"] == pytest.approx(0.5)
    failed = [finding for finding in content["findings"] if finding["verdict"] == "fail"]
    assert {finding["group"] for finding in failed} == {"Black"}


def test_equal_treatment_of_enough_people_passes(rule: Candidate, tmp_path: Path) -> None:
    content = judged(counted(rule, CONTRACT, table(tmp_path, 80, 80)), PARAMS, "heuristic", {}, TODAY)
    assert not content["blocks"]
    verdicts = {(f["group"], f["measure"]): f["verdict"] for f in content["findings"]}
    assert verdicts["Black", "adverse_impact_ratio"] == "pass"


def test_the_report_has_everybody_and_no_figure_that_is_not_a_number(rule: Candidate, tmp_path: Path) -> None:
    path = table(tmp_path, 90, 60)
    frame = pd.read_parquet(path)
    frame.loc[:49, "race"] = None
    frame.to_parquet(path, index=False)
    content = judged(counted(rule, CONTRACT, path), PARAMS, "heuristic", {}, TODAY)
    assert sum(of["people"] for of in content["groups"].values()) == 2000
    assert content["groups"]["race: undisclosed"]["people"] == 50
    json.dumps(content, allow_nan=False)


def test_an_expired_waiver_stops_the_stage(rule: Candidate, tmp_path: Path) -> None:
    waiver = Waiver(
        candidate="heuristic",
        attribute="race",
        group="Black",
        measure="adverse_impact_ratio",
        who="the committee",
        why="more data is on its way",
        until=date(2025, 12, 31),
    )
    counts = counted(rule, CONTRACT, table(tmp_path, 80, 70, people=20))
    with pytest.raises(CreditError, match="2025-12-31, which is past"):
        judged(counts, PARAMS, "heuristic", {"waivers/a.yaml": waiver}, TODAY)

"""Directions against a candidate's scores: known curves are found again, a wrong declaration is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.evaluation.directions import measure_directions
from credit.evaluation.gates import DirectionGate, QualityGates, judge_quality
from credit.reports.metrics import CandidateMetrics, DirectionFigures, Metrics
from credit.scoring.design_matrix import list_design_columns
from testing.lenders.frozen import LENDER

FIGURES = Metrics.read(LENDER / Metrics.PATH).candidates["logistic"]
FEATURES = ["income", "debt", "late", "home", "term"]
HOMES = ("none", "rent", "own")


def make_contract(**directions: str) -> Contract:
    kinds: dict[str, dict[str, Any]] = {
        "income": {"type": "number", "missing": "allowed"},
        "debt": {"type": "integer"},
        "late": {"type": "boolean"},
        "home": {"type": "category", "allowed": HOMES},
        "term": {"type": "number"},
    }
    columns = {
        name: Column(role="feature", description="d", more_is=directions.get(name), **own)  # type: ignore[arg-type]
        for name, own in kinds.items()
    }
    return Contract(name="x", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=columns)


TRUE = {"income": "better", "debt": "worse", "late": "worse", "home": "better"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("directions") / "test.parquet"
    frame = pd.DataFrame(
        {
            "income": rng.uniform(0, 1, 500),
            "debt": rng.integers(0, 4, 500),
            "late": rng.random(500) < 0.3,
            "home": rng.choice(HOMES, 500),
            "term": rng.uniform(0, 1, 500),
        }
    )
    frame.loc[::7, "income"] = np.nan
    frame.to_parquet(path, index=False)
    return path


def score(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """Income raises it, with a dent of .04 for people who are late; each debt lowers it by .1; renters are best."""
    of = dict(zip(list_design_columns(make_contract(), FEATURES), matrix.astype(np.float64).T, strict=True))
    income = np.nan_to_num(of["income"])
    dent = 0.04 * ((income > 0.5) & (of["late"] == 1))
    homes = 0.05 * of["home=own"] + 0.1 * of["home=rent"]
    return np.round(0.5 + 0.2 * (income > 0.2) - dent - 0.1 * of["debt"] - 0.1 * of["late"] + homes, 9)


def measure(table: Path, directions: dict[str, str]) -> dict[str, DirectionFigures]:
    return {one.feature: one for one in measure_directions(score, make_contract(**directions), FEATURES, table)}


def test_a_dent_is_found_again_with_its_size_and_with_the_share_of_the_people_who_have_it(table: Path) -> None:
    income = measure(table, TRUE)["income"]
    late = pd.read_parquet(table).iloc[::3]["late"].mean()
    assert income.people == pytest.approx(late)
    assert income.mean_fall == pytest.approx(0.04 * late)
    assert (income.largest_fall, income.rise) == pytest.approx((0.04, 0.2 - 0.04 * late))


def test_a_score_that_follows_a_direction_never_falls_and_a_category_has_its_order(table: Path) -> None:
    found = measure(table, TRUE)
    assert list(found) == ["income", "debt", "late", "home"], "nothing is said of the term"
    for name, rise in (("debt", 0.3), ("late", None)):
        assert (found[name].people, found[name].largest_fall) == (0, 0)
        assert rise is None or found[name].rise == pytest.approx(rise)
    assert found["home"].largest_fall == pytest.approx(0.05), "own is later than rent, and the score lower"
    assert found["home"].people == 1


def test_without_a_direction_nothing_is_measured(table: Path) -> None:
    assert measure(table, {}) == {}


def judge(gate: DirectionGate | None, own: tuple[DirectionFigures, ...], name: str = "logistic") -> Any:
    gates = QualityGates(
        lowest_roc_auc=None,
        highest_calibration_error=None,
        gain_over_rule=None,
        against_production=None,
        against_directions=gate,
    )
    return judge_quality(name, {name: FIGURES.model_copy(update={"directions": own})}, gates, None)


def test_a_planted_wrong_declaration_is_reported_with_how_often_and_how_much(table: Path) -> None:
    wrong = tuple(measure(table, TRUE | {"debt": "better"}).values())
    (finding,) = judge(DirectionGate(largest_fall=0.08, blocks=True), wrong)
    assert (finding.passes, finding.warns, finding.value) == (False, False, pytest.approx(0.3))
    assert finding.reason == (
        "against directions: 0.3000, beyond the limit of at most 0.08; debt, of which more is better: the score falls "
        "for 100% of the people, by 0.300 on average and 0.300 at most, as it gets better."
    )
    (right,) = judge(DirectionGate(largest_fall=0.08, blocks=True), tuple(measure(table, TRUE).values()))
    assert right.passes


def test_a_gate_that_does_not_block_warns(table: Path) -> None:
    wrong = tuple(measure(table, TRUE | {"debt": "better"}).values())
    (finding,) = judge(DirectionGate(largest_fall=0.08, blocks=False), wrong)
    assert (finding.passes, finding.warns) == (True, True)
    assert finding.reason.endswith("as it gets better. It warns and does not block.")


def test_without_the_gate_and_of_the_rule_nothing_is_judged(table: Path) -> None:
    wrong = tuple(measure(table, TRUE | {"debt": "better"}).values())
    assert judge(None, wrong) == ()
    assert judge(DirectionGate(largest_fall=0, blocks=True), wrong, "heuristic") == ()


def test_figures_of_before_there_were_directions_are_read_and_written_as_they_were() -> None:
    text = FIGURES.model_copy(update={"directions": ()}).model_dump_json(exclude={"directions"})
    assert CandidateMetrics.model_validate_json(text).directions == ()
    assert "directions" not in CandidateMetrics.model_validate_json(text).dump()
    assert "directions" not in CandidateMetrics.list_names()


def test_a_limit_that_no_score_can_reach_is_refused() -> None:
    with pytest.raises((CreditError, ValueError)):
        DirectionGate(largest_fall=2, blocks=True)

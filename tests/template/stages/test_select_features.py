"""What is kept, what is dropped and why."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.reports.features import FeaturesReport
from credit.selection.selection import SelectFeaturesParams
from stages.select_features import build_selection_report

PARAMS = SelectFeaturesParams(
    max_features=30,
    max_missing=0.5,
    min_auc=0.52,
    max_auc=0.95,
    max_correlation=0.95,
    max_proxy=None,
    min_group=30,
    sample=5000,
    seed=0,
)
ROWS = 6000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    paid = rng.random(ROWS) < 0.7
    black = rng.random(ROWS) < 0.2
    return pd.DataFrame(
        {
            "paid": paid,
            "race": np.where(black, "Black", "white"),
            "strong": paid + rng.normal(size=ROWS),
            "weak": 0.3 * paid + rng.normal(size=ROWS),
            "noise": rng.normal(size=ROWS),
            "constant": 1.0,
            "absent": np.where(rng.random(ROWS) < 0.9, np.nan, paid + rng.normal(size=ROWS)),
            "postcode": 0.3 * paid + 3.0 * black + rng.normal(size=ROWS),
        }
    ).assign(copy=lambda f: 2 * f["strong"] + 1e-3)


def contract(frame: pd.DataFrame) -> Contract:
    columns = {
        name: Column(type="number", role="feature", missing="allowed", description="d")
        for name in frame
        if name not in ("paid", "race")
    }
    columns["paid"] = Column(type="boolean", role="label", favourable=True, description="d")
    columns["race"] = Column(
        type="category", role="protected", allowed=("white", "Black"), reference="white", description="d"
    )
    return Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=columns)


def run(frame: pd.DataFrame, **settings: Any) -> tuple[FeaturesReport, Callable[[str], str]]:
    content = build_selection_report(contract(frame), PARAMS.model_copy(update=settings), frame.__getitem__, "c.yaml")
    verdicts = {row.feature: row.verdict for row in content.features}
    return content, verdicts.__getitem__


def test_each_column_is_kept_or_dropped_for_the_reason_it_was_made_for(frame: pd.DataFrame) -> None:
    report, verdict = run(frame)
    assert verdict("copy") == "kept"  # the same AUC as strong, and first by name
    assert verdict("strong") == "redundant with copy"
    assert verdict("weak") == "kept"
    assert verdict("noise") == "uninformative"
    assert verdict("constant") == "constant"
    assert verdict("absent") == "missing in 90% of the rows"
    assert report.kept == tuple(row.feature for row in report.features if row.is_kept)


def test_of_two_that_say_the_same_one_stays(frame: pd.DataFrame) -> None:
    report, _ = run(frame)
    assert len({"strong", "copy"} & set(report.kept)) == 1


def test_a_proxy_is_measured_and_left_out_when_a_limit_says_so(frame: pd.DataFrame) -> None:
    report, verdict = run(frame)
    assert verdict("postcode") == "kept"
    proxy = {row.feature: row.proxy["race"] for row in report.features}
    assert proxy["postcode"] > 0.97  # normals three standard deviations apart: Phi(3 / sqrt 2) = 0.983
    assert proxy["noise"] == pytest.approx(0.5, abs=0.03)
    limited, verdict = run(frame, max_proxy=0.7)
    assert verdict("postcode").startswith("a proxy: guesses race with AUC 0.98")
    assert "postcode" not in limited.kept


def test_what_is_about_a_place_is_left_out_when_params_say_so(frame: pd.DataFrame) -> None:
    columns = contract(frame).columns
    placed = columns | {"postcode": columns["postcode"].model_copy(update={"about": "place"})}
    of_places = contract(frame).model_copy(update={"columns": placed})
    for keep, verdict in ((True, "kept"), (False, "a proxy: about a place, not about the applicant")):
        params = PARAMS.model_copy(update={"keep_places": keep})
        report = build_selection_report(of_places, params, frame.__getitem__, "c.yaml")
        assert {row.feature: row.verdict for row in report.features}["postcode"] == verdict
        assert ("postcode" in report.kept) is keep
        assert "weak" in report.kept


def test_all_kept_features_together_guess_what_the_best_proxy_guesses(frame: pd.DataFrame) -> None:
    assert run(frame)[0].all_together_guess["race"]["Black"] > 0.96
    assert run(frame, max_proxy=0.7)[0].all_together_guess["race"]["Black"] < 0.55


def test_the_weaker_ones_go_when_there_are_too_many(frame: pd.DataFrame) -> None:
    report, verdict = run(frame, max_features=1)
    assert len(report.kept) == 1
    assert verdict("weak") == "beyond the best 1"


def test_a_group_too_small_to_measure_gets_no_figure_of_its_own(frame: pd.DataFrame) -> None:
    few = frame.assign(race=np.where(np.arange(ROWS) < 10, "Black", "white"))
    report, _ = run(few)
    assert "Black" not in report.all_together_guess["race"]


def test_no_feature_left_is_an_error_that_says_which_parameters_to_turn(frame: pd.DataFrame) -> None:
    with pytest.raises(CreditError, match=r"select_features: found no feature left, expected at least one; loosen"):
        run(frame, min_auc=0.99)


def leaking(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with two columns that give the label away, one of them the wrong way round and mostly missing."""
    owed = np.where(frame["paid"], np.nan, np.random.default_rng(2).exponential(size=len(frame)) + 1)
    return frame.assign(owed=owed, closed=-2.0 * frame["paid"] + frame["noise"] / 10)


def test_a_leak_stops_the_stage_with_a_line_for_each_column_that_says_what_to_do(frame: pd.DataFrame) -> None:
    with pytest.raises(CreditError) as stopped:
        run(leaking(frame))
    owed, closed = map(str, stopped.value.problems)
    assert owed.startswith("c.yaml: owed: found an AUC of ")
    assert "with which it alone guesses paid (6,000 training rows), expected at most 0.95" in owed
    assert owed.endswith("make it ignored; if before, add `known_at_decision: true` to it")
    assert closed.startswith("c.yaml: closed: found an AUC of 1.000")


def test_a_leak_that_somebody_vouches_for_is_a_feature_like_others_and_is_named(
    frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    told = leaking(frame).drop(columns="owed")
    vouched = contract(told).columns["closed"].model_copy(update={"known_at_decision": True})
    agreed = contract(told).model_copy(update={"columns": contract(told).columns | {"closed": vouched}})
    report = build_selection_report(agreed, PARAMS, told.__getitem__, "c.yaml")
    assert "closed" in report.kept
    assert capsys.readouterr().out == "closed guesses paid with AUC 1.000: known at the decision, the contract says\n"


def test_without_a_limit_nothing_is_taken_for_a_leak(frame: pd.DataFrame) -> None:
    assert "closed" in run(leaking(frame), max_auc=None)[0].kept
    with pytest.raises(CreditError, match="strong: found an AUC of 0"):
        run(frame, max_auc=0.6)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_leak_shows_in_thirty_rows(frame: pd.DataFrame, sign: int) -> None:
    """Cross-fitting alone misses it there: each bin of a number has one row or two."""
    few = frame[:30].assign(told=lambda f: sign * (f["paid"] + f["noise"] / 20))
    with pytest.raises(CreditError, match=r"told: found an AUC of 1\.000 .* \(30 training rows\)"):
        run(few, min_auc=0.0)


def test_a_category_that_is_the_label_in_other_words_is_a_leak() -> None:
    rng = np.random.default_rng(3)
    paid, chance = rng.random(60) < 0.6, rng.random(60) < 0.02
    frame = pd.DataFrame(
        {"paid": paid, "state": np.where(paid ^ chance, "closed", "in arrears"), "size": rng.normal(60)}
    )
    columns = contract(frame.drop(columns="state").assign(race="white")).columns
    state = Column(type="category", role="feature", allowed=("closed", "in arrears", "open"), description="d")
    told = contract(frame).model_copy(update={"columns": {**columns, "state": state}})
    with pytest.raises(CreditError, match=r"state: found an AUC of (0\.9|1)"):
        build_selection_report(told, PARAMS, frame.assign(race="white").__getitem__, "c.yaml")


def test_two_thousand_columns_are_sorted_out(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    noise = pd.DataFrame(rng.normal(size=(ROWS, 1900)), columns=[f"noise_{i:04d}" for i in range(1900)])
    copies = pd.DataFrame({f"redundant_{i:04d}": frame["strong"] + rng.normal(0, 1e-3, ROWS) for i in range(100)})
    # at 6,000 rows a column of noise has an AUC of 0.5 give or take 0.011; weak and postcode have 0.57
    report, verdict = run(pd.concat([frame, noise, copies], axis=1), min_auc=0.55)
    assert len(report.features) == 2007
    redundant = [name for name in copies if verdict(name).startswith("redundant with")]
    assert len(redundant) >= 99
    assert {verdict(name) for name in noise} == {"uninformative"}
    assert {"weak", "postcode"} <= set(report.kept)

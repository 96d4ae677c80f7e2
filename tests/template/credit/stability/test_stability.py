"""The verdict is repeated in every partition, and a champion by chance is told from one that stands."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.choice.champion import ChooseParams
from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract import Contract
from credit.contract.columns import Column
from credit.evaluation.metrics import UnitValues
from credit.evaluation.partitions import PartitionScores, read_partitions, write_partitions
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from credit.reports.choice import CandidateStability, ShippedDifference, StabilityReport
from credit.stability import repeats
from credit.stability.repeats import Gates, judge_candidate, measure_spread, repeat_choices, replace_scores
from credit.stability.shipped import compare_shipped
from credit.stability.wording import describe_stability
from release.blame.hybrids.figures import read_champion_figures
from release.blame.hybrids.workshop import FolderSnapshot
from testing.lenders.frozen import LENDER
from testing.lenders.people import make_contract
from testing.projects import Project

CONTRACT = make_contract(income=Column(type="number", role="feature", description="d"))


def partition(seed: int, rows: int = 50) -> PartitionScores:
    rng = np.random.default_rng(seed)
    scores = rng.random(rows)
    scores[0] = np.nan
    decisions = np.where(np.isnan(scores), "refer", np.where(scores > 0.4, "approve", "deny"))
    return PartitionScores(rng.integers(0, 5, rows), scores, decisions)


def test_a_candidate_is_judged_anew_only_where_a_partition_scores_or_decides_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params = LENDER / "params.yaml"
    gates = Gates(
        read_params(Fairness, "fairness", params),
        read_params(ChooseParams, "choose", params),
        read_params(UnitValues, "evaluate.unit_values", params),
        {},
    )

    def scored(seed: int) -> PartitionScores:
        scores = np.random.default_rng(seed).random(50)
        return PartitionScores(np.arange(50) % 5, scores, np.where(scores > 0.4, "approve", "deny"))

    people = pd.DataFrame({"race": ["white", "Black"] * 25})
    paid = np.arange(50) % 3 > 0
    first = {
        name: Predictions(people, one.folds, paid, one.scores, one.decisions)
        for name, one in {"heuristic": scored(1), "logistic": scored(2)}.items()
    }
    rule, model = (PartitionScores(*(first[name].folds, *first[name][3:5])) for name in first)
    other = model.decisions.copy()
    other[7] = "refer"
    further = {
        "heuristic": {1: rule._replace(folds=rule.folds[::-1]), 2: rule},
        "logistic": {1: scored(3), 2: model._replace(decisions=other)},
    }
    judged: list[str] = []

    def count(contract: Contract, name: str, predictions: Predictions, own: Gates) -> repeats.JudgedCandidate:
        judged.append(name)
        return judge_candidate(contract, name, predictions, own)

    monkeypatch.setattr(repeats, "judge_candidate", count)
    found = repeat_choices(CONTRACT, first, further, gates)
    assert judged == ["heuristic", "logistic", "logistic", "logistic"]
    assert len(found) == 3
    for number, repeat in enumerate(found[1:], start=1):
        for name, one in repeat.judged.items():
            alone = judge_candidate(CONTRACT, name, replace_scores(first[name], further[name][number]), gates)
            assert one == alone


def test_partitions_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = {1: partition(1), 2: partition(2)}
    write_partitions(tmp_path / "one.parquet", written)
    read = read_partitions(tmp_path / "one.parquet", 50)
    assert list(read) == [1, 2]
    for number, one in written.items():
        assert (read[number].folds == one.folds).all()
        assert np.array_equal(read[number].scores, one.scores, equal_nan=True)
        assert (read[number].decisions == one.decisions).all()


def test_no_partitions_are_a_file_without_rows(tmp_path: Path) -> None:
    write_partitions(tmp_path / "one.parquet", {})
    assert read_partitions(tmp_path / "one.parquet", 50) == {}


def test_partitions_of_another_table_are_refused(tmp_path: Path) -> None:
    write_partitions(tmp_path / "one.parquet", {1: partition(1, 49)})
    with pytest.raises(CreditError, match=r"one\.parquet: partition: found 49 rows, expected 50; run dvc repro"):
        read_partitions(tmp_path / "one.parquet", 50)


def test_the_spread_is_of_the_values_that_there_are() -> None:
    spread = measure_spread([0.7, None, 0.8])
    assert spread is not None
    assert (spread.lowest, spread.mean, spread.highest) == pytest.approx((0.7, 0.75, 0.8))
    assert spread.deviation == pytest.approx(0.1 / 2**0.5)
    assert measure_spread([None]) is None


def make_difference() -> ShippedDifference:
    """Of 10 test rows 3 are decided otherwise, 2 of the 4 Black ones."""
    race = ["white"] * 6 + ["Black"] * 4 + ["white"] * 10
    people = pd.DataFrame({"race": race})
    scores = np.linspace(0, 1, 20)
    out_of_fold = np.where(scores >= 0.2, "approve", "deny")
    shipped = out_of_fold.copy()
    shipped[[5, 6, 7]] = "refer"
    predictions = Predictions(people, np.arange(20) % 2, scores > 0.3, scores, out_of_fold)
    unseen = np.arange(20) < 10
    return compare_shipped(CONTRACT, predictions, shipped[unseen], 0.25, unseen)


def test_the_shipped_model_is_compared_on_rows_that_it_has_not_seen() -> None:
    difference = make_difference()
    assert (difference.rows, difference.share) == (10, 0.3)
    assert {key: (of.people, of.share) for key, of in difference.groups.items()} == {
        "race: white": (6, pytest.approx(1 / 6)),
        "race: Black": (4, 0.5),
    }
    assert (difference.approved, difference.approved_in_folds) == pytest.approx((0.3, 0.6))
    assert difference.approve_from_in_folds is not None
    assert difference.approve_from_in_folds.lowest == pytest.approx(4 / 19)
    assert difference.approve_from_in_folds.highest == pytest.approx(5 / 19)


def candidate(champion: int) -> CandidateStability:
    return CandidateStability(
        champion=champion,
        blocked=1,
        verdicts={"insufficient": 10},
        roc_auc=measure_spread([0.8]),
        expected_value=measure_spread([0.6]),
        worst_group_ratio=measure_spread([0.71, 0.79]),
        worst_groups={"race: Black": 10},
        findings=(),
        shipped=make_difference(),
    )


def test_a_champion_in_fewer_partitions_than_asked_for_is_called_chance() -> None:
    both = {"logistic": candidate(7), "random_forest": candidate(3)}
    text = describe_stability(10, "logistic", 7, 0.8, both, {})
    assert "The logistic regression goes forward in 7 of 10 partitions" in text
    assert "fewer than 80%, so the choice is a matter of chance: the random forest in 3" in text
    assert "ratio 0.710 to 0.790, insufficient 10, blocked in 1 of 10" in text
    assert "decides 30.0% of the test rows otherwise" in text
    assert "chance" not in describe_stability(10, "logistic", 8, 0.8, both, {})
    assert "nobody knows" in describe_stability(1, "logistic", 1, 0.8, both, {})


def list_figures(finished: Project, candidate: str) -> set[str]:
    """The names of the figures that there are, as `release blame --of` takes them."""
    figures = read_champion_figures(FolderSnapshot("finished", finished.folder)).candidates[candidate]
    return {name for name, value in figures.items() if value is not None}


def test_the_pipeline_repeats_the_verdict_of_the_first_partition_in_the_others(finished: Project) -> None:
    report = StabilityReport.read(finished.folder / StabilityReport.PATH)
    assert report.partitions == 2
    assert sum(one.champion for one in report.candidates.values()) == 2
    metrics = json.loads((finished.folder / "reports/metrics.json").read_text())
    for name, one in report.candidates.items():
        assert one.seeds is not None
        assert one.seeds.fits == (1 if name == "heuristic" else 6)
        assert (one.seeds.roc_auc.deviation > 0) == (name == "random_forest"), "only it draws"
        for figure, spread in (("roc_auc", one.seeds.roc_auc), ("expected_value", one.seeds.expected_value)):
            assert spread is not None
            assert spread.lowest <= metrics[name][figure] <= spread.highest, figure
        judged = json.loads((finished.folder / f"reports/fairness/{name}.json").read_text())
        assert judged["verdict"] in one.verdicts
        assert one.worst_group_ratio is not None
        ratio = judged["lowest_adverse_impact_ratio"]["value"]
        assert one.worst_group_ratio.lowest <= ratio <= one.worst_group_ratio.highest
        assert one.seeds.deviations is not None
        assert one.deviations is not None
        assert one.seeds.deviations.keys() <= list_figures(finished, name), "a band by each name that --of takes"
        assert {"expected_value", "approval_rate", "referral_rate", "bad_rate"} <= one.seeds.deviations.keys()
        assert {f"{of.measure}:{of.attribute}={of.group}" for of in one.findings} <= one.deviations.keys()
        assert {of for of in list_figures(finished, name) if of.startswith("selection_rate:")} <= one.deviations.keys()
        assert {(of.attribute, of.group) for of in one.findings} <= {
            (of["attribute"], of["group"]) for of in judged["findings"]
        }
    page = (finished.folder / "reports/report.html").read_text()
    assert "2 partitions of the same" in page
    other = finished.folder / "data/partitions/retired.parquet"
    other.write_bytes((finished.folder / "data/partitions/heuristic.parquet").read_bytes())
    finished.run("dvc", "repro", "--quiet", "--single-item", "stability")
    assert not other.exists()

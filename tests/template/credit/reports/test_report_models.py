"""Every report is read and written as it is, and what does not fit is one line that names the file and the key."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.points import Gates, read_people
from credit.alternatives.search import SearchedPeople, SearchedPoint, build_report, list_trained
from credit.choice.champion import ChooseParams, choose_champion
from credit.common.errors import CreditError
from credit.common.files import format_json
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.contract.rule import Rule
from credit.evaluation.metrics import UnitValues, compute_metrics
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import count_predictions
from credit.fairness.metrics import METRICS
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver
from credit.reports.alternatives import AlternativesReport, PointSettings
from credit.reports.base import ReportFile
from credit.reports.candidate import CandidateReport, LearningReport
from credit.reports.choice import Choice, StabilityReport
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport
from credit.reports.figures import FAIRNESS_METRICS, GroupFigures, group_key
from credit.reports.metrics import Metrics
from credit.reports.predictions import PredictionsReport
from credit.reports.provenance import Provenance
from credit.reports.reference import ReferenceReport
from credit.reports.summary import Summary
from credit.reports.validation import ValidationReport
from credit.training.train import TrainParams, train_candidate
from credit.validation.expectations import ValidateParams
from stages.fairness import judge_candidate
from stages.validate import validate_table
from testing.lenders.frozen import CANDIDATES, LENDER, ROOT

PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())
FAIRNESS = Fairness.model_validate(PARAMS["fairness"])
TODAY = date(2026, 1, 1)

Json = dict[str, Any]
R = TypeVar("R", bound=ReportFile)

MODELS: dict[str, type[ReportFile]] = {
    "reports/alternatives.json": AlternativesReport,
    "reports/choice.json": Choice,
    "reports/features.json": FeaturesReport,
    "reports/learning.json": LearningReport,
    "reports/metrics.json": Metrics,
    "reports/predictions.json": PredictionsReport,
    "reports/stability.json": StabilityReport,
    "reports/summary.json": Summary,
    "reports/validation.json": ValidationReport,
    **{f"reports/candidates/{name}.json": CandidateReport for name in CANDIDATES},
    **{f"reports/fairness/{name}.json": FairnessReport for name in CANDIDATES},
    **{f"reports/provenance/{name}.json": Provenance for name in ("loanapp", "scenario")},
}
"""The model of each committed report."""

FIXED = [path for path, model in MODELS.items() if model is not Metrics]
"""Reports whose keys are those of their model."""


def committed(path: str) -> Json:
    content: Json = json.loads((LENDER / path).read_text())
    return content


def refused(path: str, content: Any) -> list[str]:
    """The lines of the error about a report with this content."""
    with pytest.raises(CreditError) as caught:
        MODELS[path].parse(json.dumps(content), path)
    return str(caught.value).split("\n")


def accept(report: R) -> R:
    """Check that a report that a stage made is read as it is written; what was read."""
    text = format_json(report.round_floats().dump())
    read = type(report).parse(text, "report.json")
    assert format_json(read.dump()) == text
    return read


def test_every_committed_report_has_a_model() -> None:
    assert {str(path.relative_to(LENDER)) for path in (LENDER / "reports").rglob("*.json")} == set(MODELS)
    assert Choice.PATH in MODELS
    assert FairnessReport.locate("logistic") in MODELS
    assert CandidateReport.locate("logistic") in MODELS
    assert Provenance.locate("scenario") in MODELS


@pytest.mark.parametrize("path", MODELS)
def test_a_committed_report_is_written_as_it_was_read(path: str, tmp_path: Path) -> None:
    MODELS[path].read(LENDER / path).write(tmp_path / "report.json")
    assert (tmp_path / "report.json").read_bytes() == (LENDER / path).read_bytes()


@pytest.mark.parametrize("path", [path for path in MODELS if "/candidates/" not in path])
def test_a_report_that_is_rounded_stays_as_it_is_when_it_is_rounded_again(path: str, tmp_path: Path) -> None:
    MODELS[path].read(LENDER / path).round_floats().write(tmp_path / "report.json")
    assert (tmp_path / "report.json").read_bytes() == (LENDER / path).read_bytes()


@pytest.mark.parametrize("path", FIXED)
def test_an_unknown_key_is_one_line(path: str) -> None:
    line = f"{path}: surprise: unknown key; is it misspelt?"
    assert refused(path, committed(path) | {"surprise": 1}) == [line]


@pytest.mark.parametrize("path", [path for path in FIXED if "provenance" not in path])
def test_each_missing_key_is_one_line(path: str) -> None:
    for key in committed(path):
        content = {name: value for name, value in committed(path).items() if name != key}
        assert refused(path, content) == [f"{path}: {key}: found nothing, expected a value"]


@pytest.mark.parametrize("path", FIXED)
def test_each_value_of_another_type_is_one_line(path: str) -> None:
    for key, value in committed(path).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        wrong = "text" if number else 3.5
        (line,) = refused(path, committed(path) | {key: wrong})
        assert line.startswith(f"{path}: {key}: found {wrong!r}, expected ")
        assert "should" not in line


def test_every_problem_deep_in_a_report_is_named_at_once() -> None:
    path = "reports/metrics.json"
    content = committed(path)
    del content["logistic"]["ks"]
    content["random_forest"] |= {"rows": 596.0, "roc_auc_interval": [0.8], "gini": 0.7}
    assert refused(path, content) == [
        f"{path}: logistic.ks: found nothing, expected a value",
        f"{path}: random_forest.rows: found 596.0, expected a valid integer",
        f"{path}: random_forest.roc_auc_interval.1: found nothing, expected a value",
        f"{path}: random_forest.gini: unknown key; is it misspelt?",
    ]


def test_a_verdict_that_there_is_not_and_a_list_in_place_of_a_setting_are_one_line_each() -> None:
    path = "reports/fairness/logistic.json"
    content = committed(path)
    content["findings"][1]["verdict"] = "passed"
    (line,) = refused(path, content)
    assert line.startswith(f"{path}: findings.1.verdict: found 'passed', expected 'fail', ")
    path = "reports/candidates/logistic.json"
    content = committed(path)
    content["hyperparameters"]["C"] = [1]
    (line,) = refused(path, content)
    assert line.startswith(f"{path}: hyperparameters.C: found [1], expected a text, a number")


def test_a_champion_who_is_no_candidate_and_a_candidate_without_the_deciding_figure_are_named() -> None:
    path = "reports/choice.json"
    content = committed(path)
    del content["candidates"]["logistic"]["roc_auc"]
    assert refused(path, content | {"champion": "linear"}) == [
        f"{path}: champion: found 'linear', expected one of ['heuristic', 'logistic', 'random_forest']; "
        "run dvc repro choose",
        f"{path}: candidates.logistic.roc_auc: found nothing, expected a value",
    ]


def test_several_keys_that_are_missing_are_one_line() -> None:
    assert refused("reports/choice.json", {"metric": "ks"}) == [
        "reports/choice.json: found nothing for champion, why, candidates, side_by_side, incumbent, better, expected a "
        "value of each; run dvc repro"
    ]


def test_a_share_that_adding_up_left_above_1_is_1_and_one_that_is_beyond_is_refused() -> None:
    path = "reports/candidates/logistic.json"
    content = committed(path)
    for sum_, share in ((1 + 2e-16, 1.0), (-1e-17, 0.0)):
        content["cross_validated"]["approved"] = sum_
        assert CandidateReport.parse(json.dumps(content), path).cross_validated.approved == share
    content["cross_validated"]["approved"] = 1.0001
    assert refused(path, content) == [
        f"{path}: cross_validated.approved: found 1.0001, expected a value less than or equal to 1"
    ]


def test_an_origin_that_is_half_said_is_named() -> None:
    path = "reports/provenance/loanapp.json"
    content = committed(path)
    del content["file"]
    expected = "package and file, or generator, knobs and expected"
    assert refused(path, content) == [f"{path}: found package, expected {expected}"]


@pytest.mark.parametrize("text", [b"", b"{", b'{"champion": "a', b'{"champion": "\xff"}', b"NaN"])
def test_a_file_that_is_no_json_is_one_line(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "choice.json"
    path.write_bytes(text)
    with pytest.raises(CreditError) as caught:
        Choice.read(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line


def test_a_file_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CreditError) as caught:
        Choice.read(tmp_path / "choice.json")
    expected = "no such file; run dvc repro"
    assert str(caught.value) == f"{tmp_path}/choice.json: {expected}"


class Files(NamedTuple):
    """A revision whose files are here."""

    name: str
    files: dict[str, str]

    def read_text(self, path: str) -> str | None:
        return self.files.get(path)


def test_a_report_is_read_at_a_revision_and_none_where_the_revision_has_none() -> None:
    main = Files("main", {Choice.PATH: (LENDER / Choice.PATH).read_text(), Metrics.PATH: "{}", "other": "[]"})
    choice = Choice.read_at(main, Choice.PATH)
    assert choice is not None
    assert choice.chosen.get_value(choice.metric) == committed(Choice.PATH)["candidates"]["heuristic"]["roc_auc"]
    assert FeaturesReport.read_at(main, FeaturesReport.PATH) is None
    with pytest.raises(CreditError, match=r"^other at main: \(file\): found \[\], expected"):
        Choice.read_at(main, "other")


def test_figures_are_those_that_are_computed() -> None:
    assert tuple(METRICS) == FAIRNESS_METRICS
    assert GroupFigures.list_names() == ("people", "unscored", *METRICS)
    y, scores = np.arange(40) % 3 > 0, np.linspace(0, 1, 40)
    computed = compute_metrics(
        y, scores, np.where(scores > 0.5, "approve", "deny"), UnitValues(**PARAMS["evaluate"]["unit_values"])
    )
    own = accept(Metrics({"mine": computed})).candidates["mine"]
    assert own.get_value("roc_auc") == round(computed.roc_auc or 0, 4)
    assert own.get_interval("calibration_error") is None


def test_a_candidate_that_approves_nobody_has_no_bad_rate() -> None:
    y, scores = np.arange(40) % 3 > 0, np.linspace(0, 1, 40)
    computed = compute_metrics(y, scores, np.full(40, "deny"), UnitValues(**PARAMS["evaluate"]["unit_values"]))
    assert accept(Metrics({"mine": computed})).candidates["mine"].bad_rate is None


CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "id": Column(type="text", role="id", description="d"),
        "income": Column(type="number", role="feature", range=(0, 100), missing="allowed", description="d"),
        "race": Column(
            type="category", role="protected", allowed=("white", "Black"), reference="white", missing="allowed",
            description="d",
        ),
        "sex": Column(
            type="category", role="protected", allowed=("male", "female"), reference="male", missing="allowed",
            description="d",
        ),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)  # fmt: skip


def people(white: int, black: int, each: int = 1000) -> Predictions:
    """So many of each 100 people approved in each group; nine in ten of everybody pay."""
    approved = np.array([i % 100 < rate for rate in (white, black) for i in range(each)])
    frame = {"id": np.arange(2 * each).astype(str), "race": np.repeat(["white", "Black"], each)}
    return Predictions(
        pd.DataFrame(frame | {"sex": np.resize(["male", "female", "female"], 2 * each)}),
        np.zeros(2 * each, np.int64),
        np.arange(2 * each) % 10 > 0,
        np.where(approved, 0.9, 0.4),
        np.where(approved, "approve", "deny"),
    )


def judge(told: Predictions, params: Fairness = FAIRNESS, **waivers: Waiver) -> FairnessReport:
    """The report about a candidate, which its model takes as it is."""
    return accept(judge_candidate(count_predictions(CONTRACT, told), params, "my_own", waivers, TODAY, "test rows"))


def without_score(told: Predictions) -> Predictions:
    told.scores[:100] = np.nan
    told.decisions[:100] = "refer"
    return told


def undisclosed(told: Predictions, share: float) -> Predictions:
    told.people.loc[: int(share * len(told.people)), "race"] = None
    return told


def one_group(told: Predictions) -> Predictions:
    told.people["race"], told.people["sex"] = "white", "male"
    return told


def nobody_pays(told: Predictions) -> Predictions:
    told.favourable[:] = False
    return told


@pytest.mark.parametrize("policy", FAIRNESS.policies)
@pytest.mark.parametrize("gates", ["nothing", "attributes", "pairs"])
@pytest.mark.parametrize(
    "told",
    [
        lambda: people(90, 45),
        lambda: people(80, 80),
        lambda: people(0, 0),
        lambda: people(100, 0),
        lambda: people(80, 70, each=7),
        lambda: without_score(people(80, 80)),
        lambda: undisclosed(people(80, 80), 0.3),
        lambda: undisclosed(people(80, 80), 1),
        lambda: one_group(people(80, 80)),
        lambda: nobody_pays(people(80, 80)),
    ],
)
def test_a_fairness_report_is_taken_whatever_is_found(told: Callable[[], Predictions], gates: str, policy: str) -> None:
    chosen = FAIRNESS.policies[policy].model_copy(update={"gates": gates})
    params = FAIRNESS.model_copy(update={"policy": policy, "policies": {policy: chosen}})
    report = judge(told(), params)
    assert bool(report.pairs) == (gates != "pairs" and bool(chosen.pair_policy.limits))
    assert list(report.select_groups("race")) == ["white", "Black", "undisclosed"]
    assert sum(of.people for of in report.select_groups("race").values()) == report.rows
    assert group_key("race", "Black") in report.groups


def test_nothing_protected_is_a_report_without_groups() -> None:
    content = committed("reports/fairness/logistic.json")
    content |= {"verdict": "reported", "blocks": False, "lowest_adverse_impact_ratio": None}
    content |= {"attributes": {}, "verdicts": {}, "findings": [], "pairs": [], "undisclosed": [], "groups": {}}
    assert accept(FairnessReport.model_validate(content)).select_groups("race") == {}


@pytest.mark.parametrize(("until", "black", "used"), [("2026-01-01", 72, True), ("2026-06-30", 10, False)])
def test_a_waiver_is_in_the_report_whether_it_is_used_or_not(until: str, black: int, used: bool) -> None:
    waiver = Waiver(
        candidate="my_own",
        attribute="race",
        group="Black",
        measure="adverse_impact_ratio",
        who="the committee",
        why="more data is on its way",
        until=date.fromisoformat(until),
    )
    report = judge(people(100, black, each=100), **{"waivers/a.yaml": waiver})
    (found,) = [finding for finding in report.findings if finding.waiver]
    assert found.waiver is not None
    assert (found.waiver.used, found.waiver.until) == (used, waiver.until)


@pytest.mark.parametrize("metric", ["roc_auc", "ks", "accuracy", "average_precision"])
def test_a_choice_is_taken_whoever_passes_and_whatever_decides(metric: str) -> None:
    params = ChooseParams.model_validate(PARAMS["choose"] | {"metric": metric})
    figures = Metrics.read(LENDER / Metrics.PATH).candidates
    fairness = {name: FairnessReport.read(LENDER / FairnessReport.locate(name)) for name in CANDIDATES}
    nobody = accept(choose_champion(params, figures, fairness))
    assert (nobody.champion, nobody.chosen.eligible) == ("heuristic", False)
    nothing = {"findings": (), "lowest_adverse_impact_ratio": None}
    silent = {name: report.model_copy(update=nothing) for name, report in fairness.items()}
    champion = accept(choose_champion(params, figures, silent))
    assert (champion.chosen.eligible, champion.chosen.against) == (True, ())
    (alone,) = champion.side_by_side
    assert (alone.group, alone.get_value(metric)) == (None, champion.chosen.get_value(metric))
    missing = figures | {"logistic": figures["logistic"].model_copy(update={metric: None})}
    assert accept(choose_champion(params, missing, silent)).candidates["logistic"].get_value(metric) is None


def test_alternatives_are_taken_where_no_group_can_be_compared() -> None:
    params = FindAlternativesParams.model_validate(PARAMS["find_alternatives"])
    told = people(80, 70)
    predicted = PredictionsReport(predictions="test rows", why="split by time", rows=2000, kept_in_folds=())
    fairness = Fairness.model_validate(PARAMS["fairness"])
    values = UnitValues(**PARAMS["evaluate"]["unit_values"])
    for least in (10, 10_000):
        rules = fairness.rules.model_copy(update={"smallest_denominator": least})
        gates = Gates(fairness.chosen_policy, rules, values)
        searched = SearchedPeople(read_people(CONTRACT, told), np.arange(len(told.scores)) % 2 == 0, gates)
        measured = searched.measure(told.scores, told.decisions)
        tried = SearchedPoint(
            PointSettings(
                candidate="logistic",
                hyperparameters={"C": 1, "class_weight": None},
                approval_share=0.8,
                mark=None,
            ),
            measured,
        )
        trained = list_trained(dict.fromkeys(CANDIDATES, measured), "heuristic")
        report = accept(build_report(params, predicted, 1, trained, [tried], lambda _: 0.5, {}))
        assert report.points[3].hyperparameters == {"C": 1, "class_weight": None}
        assert (report.points[0].group is None) == (least == 10_000)
        assert bool(report.points[0].gated) == (least == 10)


def test_rows_that_were_set_aside_are_taken_with_an_example_and_without(tmp_path: Path) -> None:
    index = np.arange(1000)
    frame = pd.DataFrame(
        {
            "id": [f"p{i}" for i in index],
            "income": index % 100.0,
            "race": np.where(index % 5 == 0, "Black", "white").astype(object),
            "sex": np.where(index % 2 == 0, "male", "female").astype(object),
            "paid": index % 3 > 0,
        }
    )
    frame.loc[[3, 650], "id"] = "Ada L."
    frame.loc[9, "income"] = -1.0
    frame.loc[20:29, "race"] = None
    frame.to_parquet(tmp_path / "typed.parquet", index=False)
    files = [tmp_path / f"{name}.parquet" for name in ("typed", "accepted", "quarantined")]
    tally = validate_table(CONTRACT, ValidateParams(max_quarantined=0.05, min_group=2), *files)
    report = accept(tally.build_report())
    assert {(one.column, one.rows, one.example) for one in report.reasons} == {("id", 2, None), ("income", 1, "-1.0")}
    assert report.groups["race"]["undisclosed"] == 10


def test_test_rows_have_no_folds() -> None:
    report = PredictionsReport(predictions="test rows", why="split by time", rows=5, kept_in_folds=())
    assert accept(report).kept_in_folds == ()


SCORE_RULE = Rule(sql="score", threshold=0, approve="at_least")


@pytest.mark.parametrize("name", ["heuristic", "logistic"])
def test_a_candidate_that_was_searched_and_one_that_approves_nobody_alone_are_taken(name: Any) -> None:
    search = PARAMS["train"]["search"] | {"enabled": True, "logistic": {"C": [1, 0.1], "class_weight": [None]}}
    rule = {"threshold": None, "from_threshold": "refer"}
    params = TrainParams.model_validate(PARAMS["train"] | {"search": search, "heuristic": rule})
    scores = np.random.default_rng(0).normal(size=(300, 1)).astype(np.float32)
    trained = train_candidate(name, params, scores, scores[:, 0] + np.sin(np.arange(300)) > 0, SCORE_RULE, bar=False)
    text = format_json(trained.make_report(name, ["score"]).dump())
    report = CandidateReport.parse(text, "report.json")
    assert format_json(report.dump()) == text
    assert (report.policy.approve_from is None) == (name == "heuristic") == (report.search is None)


@pytest.mark.parametrize("champion", ["heuristic", "logistic"])
def test_the_reference_of_a_bundle_is_taken(champion: str, bundles: Callable[[str], Path], tmp_path: Path) -> None:
    path = bundles(champion) / ReferenceReport.NAME
    report = ReferenceReport.read(path)
    report.write(tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    wrong = json.loads(path.read_text())
    wrong["features"]["points"]["counts"].append(1)
    with pytest.raises(CreditError, match=r"r: features\.points\.counts: found \d+ bins, expected \d+"):
        ReferenceReport.parse(json.dumps(wrong), "r")


def test_a_report_is_frozen() -> None:
    choice = Choice.read(LENDER / Choice.PATH)
    with pytest.raises(ValueError, match="frozen"):
        choice.champion = "logistic"  # type: ignore[misc]


def test_models_of_reports_import_nothing_large() -> None:
    modules = sorted(path.stem for path in (ROOT / "credit/reports").glob("*.py") if path.stem != "__init__")
    code = "".join(f"import credit.reports.{name}\n" for name in modules) + "import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pyarrow", "scipy", "sklearn"} & set(done.stdout.split())

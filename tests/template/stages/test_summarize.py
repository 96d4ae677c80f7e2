"""The summary has the figures of the reports, which DVC compares."""

from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics
from credit.reports.summary import Summary
from stages.summarize import SUMMARY_DIGITS, summarize_candidates
from testing.lenders.frozen import CANDIDATES, LENDER
from testing.projects import Project

CHOICE = Choice.read(LENDER / Choice.PATH)
METRICS = Metrics.read(LENDER / Metrics.PATH).candidates
FAIRNESS = {name: FairnessReport.read(LENDER / FairnessReport.locate(name)) for name in CANDIDATES}


def test_every_figure_is_that_of_its_report() -> None:
    summary = summarize_candidates(CHOICE, METRICS, FAIRNESS)
    assert summary.round_floats(SUMMARY_DIGITS) == Summary.read(LENDER / Summary.PATH)
    assert summary.champion == CHOICE.champion
    for name in CANDIDATES:
        ratio = FAIRNESS[name].lowest_adverse_impact_ratio
        figures = (METRICS[name].roc_auc, METRICS[name].expected_value, ratio and ratio.value, FAIRNESS[name].verdict)
        assert (summary.auc[name], summary.value[name], summary.ratio[name], summary.verdict[name]) == figures


def test_a_candidate_without_a_figure_has_none() -> None:
    metrics = METRICS | {"logistic": METRICS["logistic"].model_copy(update={"roc_auc": None})}
    fairness = FAIRNESS | {"logistic": FAIRNESS["logistic"].model_copy(update={"lowest_adverse_impact_ratio": None})}
    summary = summarize_candidates(CHOICE, metrics, fairness)
    assert summary.auc["logistic"] is None
    assert summary.ratio["logistic"] is None


def test_dvc_tells_it_on_80_columns(finished: Project) -> None:
    """Where everything turns: the champion, every verdict, every ratio."""
    file = finished.folder / Summary.PATH
    summary = Summary.read(file)
    turned = {"verdict": dict.fromkeys(summary.verdict, "fail"), "champion": "random_forest"}
    lower = {name: value and value - 0.0123 for name, value in summary.ratio.items()}
    summary.model_copy(update={**turned, "ratio": lower}).round_floats(SUMMARY_DIGITS).write(file)
    shown = finished.run("dvc", "metrics", "diff").stdout
    for name in (*(f"verdict.{name}" for name in CANDIDATES), "ratio.random_forest", "champion"):
        assert name in shown
    assert max(map(len, shown.splitlines())) <= 80, shown


def test_an_experiment_is_told_on_80_columns(finished: Project) -> None:
    """Its name, and the figures of the candidate that changed."""
    finished.run("dvc", "exp", "run", "--quiet", "--name", "milder", "-S", "train.logistic.C=1", "summarize")
    command = ("dvc", "exp", "show", "--only-changed", "--no-pager", "--drop", "Created")
    shown = finished.run(*command, COLUMNS="80").stdout
    assert "[milder]" in shown
    for figure in ("ratio.logistic", "auc.logistic", "value.logistic"):
        assert figure in shown, shown

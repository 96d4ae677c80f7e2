"""Reports that other code wrote are left out and named; a check that needs them says so and does not pass by."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.manifest import Agreement, write_bundle
from credit.packaging.build import BundleInputs, build_bundle
from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics
from credit.training.agreement import PackageParams
from release.judge.findings import Findings
from release.registration import gates
from release.repository.reports import read_bundle_reports
from testing.lenders.frozen import LENDER
from testing.parts.servers import KEYS
from testing.releases import deploy_versions

CHAMPION = Choice.read(LENDER / Choice.PATH).champion
AGREEMENT = Agreement(rows=1, other_decisions=0, denied_without_reason=0)


def committed(path: str) -> Any:
    return json.loads((LENDER / path).read_text())


def write(folder: Path, **reports: Any) -> Path:
    """A bundle of a model and reports."""
    files = {f"{name}.json": json.dumps(content).encode() for name, content in reports.items()}
    write_bundle(folder, "loanapp", CHAMPION, AGREEMENT, {"model.onnx": b"model", **files})
    return folder


def rename(metrics: Any, figure: str) -> Any:
    return {name: {f"old_{key}" if key == figure else key: of[key] for key in of} for name, of in metrics.items()}


def test_the_reports_of_a_bundle_are_read_and_those_that_it_has_not_are_none(tmp_path: Path) -> None:
    metrics, fairness = committed(Metrics.PATH), committed(FairnessReport.locate(CHAMPION))
    whole = read_bundle_reports(write(tmp_path / "b", metrics=metrics, fairness=fairness), "v1.0.0")
    assert (whole.metrics, whole.unread) == (Metrics.read(LENDER / Metrics.PATH).candidates, ())
    assert whole.fairness is not None
    assert read_bundle_reports(write(tmp_path / "c"), "v1.0.0") == (None, None, ())


def test_a_report_of_a_bundle_in_another_shape_is_left_out_with_a_line(tmp_path: Path) -> None:
    metrics = rename(committed(Metrics.PATH), "ks")
    found = read_bundle_reports(write(tmp_path / "b", metrics=metrics), "v1.0.0")
    assert found.metrics is None
    (line,) = found.unread
    assert line.startswith("metrics.json of v1.0.0: heuristic.ks: found nothing")


Live = Callable[..., Findings]


@pytest.fixture
def live(disk: Store, inputs: BundleInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Make a bundle with these reports live in prod; what the check of the committed champion says of it."""

    def compare(**reports: Any) -> Findings:
        extra = {f"{name}.json": json.dumps(content).encode() for name, content in reports.items()}
        build_bundle(CHAMPION, inputs, PackageParams(max_other_decisions=0), tmp_path / "bundle", extra)
        versions.publish_bundle(disk, parse_version("v1.0.0"), tmp_path / "bundle", "1" * 40, "tester")
        deploy_versions(disk, "v1.0.0")
        monkeypatch.chdir(LENDER)
        monkeypatch.setattr(gates, "open_store", lambda: disk)
        return gates.compare_with_production()

    return compare


def test_a_champion_as_good_as_the_version_that_is_live_is_no_problem(live: Live) -> None:
    found = live(metrics=committed(Metrics.PATH))
    assert [*found.problems, *found.notes] == []


def test_a_champion_that_loses_too_much_against_the_version_that_is_live_is_one(live: Live) -> None:
    metrics = committed(Metrics.PATH)
    metrics[CHAMPION]["roc_auc"] = 0.99
    (problem,) = live(metrics=metrics).problems
    assert "change against production" in str(problem)


def test_metrics_of_the_version_that_is_live_in_another_shape_are_a_problem_and_not_a_note(live: Live) -> None:
    """A comparison that nobody made is not one that was passed."""
    found = live(metrics=rename(committed(Metrics.PATH), "ks"))
    (problem,) = found.problems
    unread = "reports that this code cannot read (metrics.json of v1.0.0: heuristic.ks: found nothing"
    assert str(problem).startswith(f"v1.0.0, which is live in prod: found {unread}")
    assert found.notes == ()


def test_a_store_that_does_not_answer_is_a_problem_and_not_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bucket behind a port where nobody listens nobody knows what is live."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "r"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RELEASE_STORE", "s3://models")
    monkeypatch.chdir(LENDER)
    found = gates.compare_with_production()
    (problem,) = found.problems
    assert str(problem).startswith("the store s3://models: ")
    assert "nothing says how the champion does against prod" in str(problem)
    assert found.notes == ()


def test_where_nothing_is_live_that_is_a_note(disk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "open_store", lambda: disk)
    (note,) = gates.compare_with_production().notes
    assert note == "nothing is live in prod to compare the champion with"


def test_a_version_that_is_live_without_metrics_is_a_note(live: Live) -> None:
    assert live() == Findings(notes=["not compared with v1.0.0, which is live in prod: its bundle has no metrics.json"])

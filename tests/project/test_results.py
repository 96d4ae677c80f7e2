"""What the pipeline wrote fits together: reports that can be read, a choice that follows from them, a bundle."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.project import read_commands
from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.choice.champion import ChooseParams, choose_champion
from credit.common.files import format_json
from credit.common.params import read_params
from credit.evaluation.candidates import read_candidate_names
from credit.reports.alternatives import AlternativesReport
from credit.reports.base import ReportFile
from credit.reports.candidate import CandidateReport
from credit.reports.choice import Choice, StabilityReport
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport
from credit.reports.metrics import Metrics
from credit.reports.predictions import PredictionsReport
from credit.reports.provenance import Provenance
from credit.reports.summary import Summary
from credit.reports.validation import ValidationReport
from testing.lenders.frozen import ROOT
from testing.report_edits import hash_file

MODELS: tuple[tuple[str, type[ReportFile]], ...] = (
    ("alternatives.json", AlternativesReport),
    ("stability.json", StabilityReport),
    ("choice.json", Choice),
    ("features.json", FeaturesReport),
    ("metrics.json", Metrics),
    ("predictions.json", PredictionsReport),
    ("summary.json", Summary),
    ("validation.json", ValidationReport),
    ("candidates/*.json", CandidateReport),
    ("fairness/*.json", FairnessReport),
    ("provenance/*.json", Provenance),
)
REPORTS = [(path, model) for pattern, model in MODELS for path in sorted((ROOT / "reports").glob(pattern))]
BUNDLE = ROOT / "models/bundle"
LOCK_FILE = ROOT / "dvc.lock"


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    """The stages of dvc.lock, each with what it read and wrote; DVC keeps those of candidates switched off."""
    if not LOCK_FILE.exists():
        pytest.skip("there are no results yet: dvc repro")
    stages: dict[str, Any] = yaml.safe_load(LOCK_FILE.read_text())["stages"]
    return {name: stage for name, stage in stages.items() if name in read_commands(ROOT)}


def read_outs(lock: dict[str, Any]) -> dict[str, str]:
    """The hash of all that stages wrote, by its path."""
    return {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", ())}


def require_run(lock: dict[str, Any], name: str) -> None:
    """Skip where a stage has not run since what it reads was written, as after `dvc repro evaluate`."""
    if name not in lock:
        pytest.skip(f"{name} has not run yet: dvc repro")
    outs = read_outs(lock)
    read = {dep["path"]: dep.get("md5") for dep in lock[name]["deps"]}
    newer = [path for path, md5 in read.items() if outs.get(path, md5) != md5]
    if newer:
        pytest.skip(f"{name} has not run since {', '.join(newer)} changed: dvc repro")


@pytest.mark.parametrize(("path", "model"), REPORTS, ids=lambda one: one.name if isinstance(one, Path) else "")
def test_a_report_fits_its_model(path: Path, model: type[ReportFile]) -> None:
    read = model.read(path)
    assert format_json(read.dump()) == path.read_text(encoding="utf-8")


def test_the_reports_are_those_of_the_lock(lock: dict[str, Any]) -> None:
    """DVC has their hashes in dvc.lock: what a reviewer reads in git is what the pipeline wrote."""
    outs = read_outs(lock)
    files = {path: md5 for path, md5 in outs.items() if path.startswith("reports/") and path.endswith((".json", ".md"))}
    if not files:
        pytest.skip("no stage has written a report yet: dvc repro")
    other = [path for path, md5 in files.items() if not (ROOT / path).exists() or hash_file(ROOT / path) != md5]
    assert not other, f"{', '.join(other)}: not what the pipeline wrote; dvc repro, or git checkout"


def test_the_choice_follows_from_the_reports_and_the_gates(lock: dict[str, Any]) -> None:
    """The champion, the gates that it passed and the reasons against every other candidate, decided once more."""
    require_run(lock, "choose")
    params = yaml.safe_load((ROOT / "params.yaml").read_text())["choose"]
    if lock["choose"]["params"]["params.yaml"]["choose"] != params:
        pytest.skip("choose changed in params.yaml since the pipeline ran: dvc repro")
    choice = Choice.read(ROOT / Choice.PATH)
    if set(choice.candidates) != set(read_candidate_names(ROOT / "params.yaml")):
        pytest.skip("there are other candidates since the pipeline ran: dvc repro")
    fairness = {name: FairnessReport.read(ROOT / FairnessReport.locate(name)) for name in choice.candidates}
    gates = read_params(ChooseParams, "choose", ROOT / "params.yaml")
    chosen = choose_champion(gates, Metrics.read(ROOT / Metrics.PATH).candidates, fairness).round_floats()
    assert chosen == choice.model_copy(update={"better": ()})  # who is better is told by the people, not by reports


def test_every_figure_of_a_candidate_lies_within_its_interval() -> None:
    if not (ROOT / Metrics.PATH).exists():
        pytest.skip("no candidate was evaluated yet: dvc repro")
    metrics = Metrics.read(ROOT / Metrics.PATH).candidates
    assert metrics
    for name, figures in metrics.items():
        for key in json.loads((ROOT / Metrics.PATH).read_text())[name]:
            if not key.endswith("_interval") and (interval := figures.get_interval(key)) and None not in interval:
                value = figures.get_value(key)
                assert value is not None
                assert interval[0] <= value <= interval[1], f"{name}: {key}"


def test_the_bundle_is_verified_and_scores_its_examples_as_it_was_recorded() -> None:
    if not BUNDLE.is_dir():
        pytest.skip("there is no bundle here: dvc pull, or dvc repro")
    assert check_examples(load_bundle(BUNDLE), BUNDLE)


def test_the_bundle_is_the_champions(lock: dict[str, Any]) -> None:
    read, choice = {dep["path"]: dep["md5"] for dep in lock.get("package", {}).get("deps", ())}, ROOT / Choice.PATH
    if not (BUNDLE.is_dir() and choice.exists() and read.get(Choice.PATH) == hash_file(choice)):
        pytest.skip("there is no bundle of this choice here: dvc pull, or dvc repro")
    assert load_bundle(BUNDLE).manifest.candidate == Choice.read(choice).champion

"""The committed reports, to be changed by a test without changing the checkout."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.bundle.manifest import Agreement, write_bundle
from credit.report.curves import draw_curves
from credit.report.facts import collect_facts
from credit.report.provenance import Run, read_run
from credit.report.render import render_report
from credit.report.results import Results, read_results
from testing.lenders.frozen import LENDER
from testing.report_drafts import Draft


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `reports/`."""
    monkeypatch.chdir(LENDER)
    return Path(shutil.copytree(LENDER / "reports", tmp_path / "reports"))


@pytest.fixture(scope="session")
def results() -> Results:
    """What the committed run found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(LENDER)
        return read_results(LENDER / "data/contracts/loanapp.yaml", LENDER / "reports", LENDER / "waivers")


@pytest.fixture
def draft(results: Results) -> Draft:
    """The same, to be changed."""
    return Draft(results)


@pytest.fixture
def run() -> Run:
    """Parameters, software, and a bundle of two files."""
    files = {"model.onnx": b"model", "model_card.md": b"# Card"}
    with tempfile.TemporaryDirectory() as folder:
        agreement = Agreement(rows=596, other_decisions=0, denied_without_reason=0)
        write_bundle(Path(folder) / "bundle", "loanapp", "heuristic", agreement, files)
        return read_run(LENDER / "params.yaml", Path(folder) / "bundle")


@pytest.fixture
def page(run: Run) -> Callable[[Results], str]:
    """The HTML page of some results."""
    return lambda results: render_report(collect_facts(results), run, draw_curves(results, LENDER / "reports/plots"))

"""One decision, so that a person can check it by hand."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError
from credit.explain import explain_decision, format_explanation, load_bundle_model, read_row
from credit.packaging.build import BundleInputs

Made = Callable[[str], Path]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "credit.explain", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def denied(bundles: Made, rows: list[dict[str, Any]]) -> int:
    decided = load_bundle(bundles("logistic")).decide(rows)
    return next(i for i, one in enumerate(decided) if one.decision == "deny")


def test_the_command_tells_what_the_bundle_decides(
    bundles: Made, inputs: BundleInputs, rows: list[dict[str, Any]], denied: int
) -> None:
    done = run("--row", denied, "--bundle", bundles("logistic"), "--test", inputs.test, "--json")
    told = json.loads(done.stdout)
    (decided,) = load_bundle(bundles("logistic")).decide([rows[denied]])
    assert list(told) == ["row", "decided_by", "decision", "score", "policy", "reasons", "features"]
    assert list(told["features"][0]) == ["feature", "value", "typical", "rise", "words"]
    assert (told["row"], told["decision"], told["reasons"]) == (denied, "deny", list(decided.reasons))
    assert told["score"] == decided.score < told["policy"]["refer_from"]
    assert {one["feature"]: one["value"] for one in told["features"]} == {
        name: rows[denied][name] for name in load_bundle(bundles("logistic")).model.features
    }


def test_each_rise_can_be_checked_by_hand(bundles: Made, rows: list[dict[str, Any]], denied: int) -> None:
    decider = load_bundle_model(bundles("logistic"))
    told = explain_decision(decider, rows[denied])
    for one in told.features:
        changed = explain_decision(decider, rows[denied] | {one.feature: one.typical})
        assert changed.score - told.score == pytest.approx(one.rise, abs=2e-6)
    rises = [one.rise for one in told.features]
    assert rises == sorted(rises, reverse=True)


def test_the_text_shows_values_beside_those_of_approved_people(
    bundles: Made, rows: list[dict[str, Any]], denied: int
) -> None:
    decider = load_bundle_model(bundles("logistic"))
    text = format_explanation(explain_decision(decider, rows[denied]), decider.model.contract)
    assert text.splitlines()[1].split() == ["decision", "deny"]
    assert "  1. " in text
    for name, told in decider.model.reasons.items():
        line = next(line for line in text.splitlines() if line.startswith(name))
        assert len(line.split()) >= 4, told


def test_a_candidate_is_explained_as_its_bundle_is(
    bundles: Made, inputs: BundleInputs, tmp_path: Path, denied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from credit.explain import load_candidate_model

    (tmp_path / "reports").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models/candidates").symlink_to(inputs.models)
    (tmp_path / "reports/candidates").symlink_to(inputs.candidates)
    monkeypatch.chdir(tmp_path)
    row = read_row(inputs.test, denied)
    left = explain_decision(load_candidate_model("logistic", inputs.contract, inputs.train), row)
    right = explain_decision(load_bundle_model(bundles("logistic")), row)
    assert left.decision == right.decision
    assert left.reasons == right.reasons
    assert left.score == pytest.approx(right.score, abs=1e-5)


@pytest.mark.parametrize("number", [-1, 400, 10**9])
def test_a_row_that_is_not_there_is_an_error_with_the_rows_that_are(inputs: BundleInputs, number: int) -> None:
    with pytest.raises(CreditError, match=f"found {number}, expected 0 to 399"):
        read_row(inputs.test, number)


def test_a_row_is_found_in_its_partition(
    inputs: BundleInputs, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 7)
    assert [read_row(inputs.test, i) for i in (0, 6, 7, 399)] == [rows[i] for i in (0, 6, 7, 399)]


def test_errors_are_one_line_and_help_has_an_example(tmp_path: Path, inputs: BundleInputs) -> None:
    done = run("--row", 0, "--bundle", tmp_path / "none", "--test", inputs.test)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "python -m credit.explain --row 17 --candidate logistic --json" in run("--help").stdout
    assert "not allowed with argument" in run("--row", 0, "--bundle", "x", "--candidate", "logistic").stderr

"""One decision, so that a person can check it by hand."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError
from credit.explain import NamedModel, explain_decision, format_explanation, load_bundle_model, read_row
from credit.packaging.build import BundleInputs
from credit.scoring.reason_baseline import ReasonRules
from credit.scoring.reason_words import FeatureReason
from testing.warm.commands import find_warm_commands

Made = Callable[[str], Path]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(find_warm_commands() / "python"), "-m", "credit.explain", *map(str, arguments)]
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
    assert list(told) == ["row", "decided_by", "decision", "score", "policy", "reasons", "features", "clusters"]
    assert list(told["features"][0]) == ["feature", "value", "typical", "better", "rise", "words"]
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


@pytest.fixture
def paired(bundles: Made) -> NamedModel:
    """The small lender's regression with two features that say the same, and a home better than the typical one."""
    decider = load_bundle_model(bundles("logistic"))
    rules = ReasonRules(clusters=(("income", "points"),), better_above=("home=own", "home=rent"), smallest_share=0.1)
    return decider._replace(model=replace(decider.model, rules=rules))


def test_features_that_say_the_same_are_shown_together(paired: NamedModel, rows: list[dict[str, Any]]) -> None:
    row = rows[0] | {"income": 1.0, "points": 300}
    told = explain_decision(paired, row)
    (cluster,) = told.clusters
    assert cluster.features == ("income", "points")
    typical = {name: paired.model.reasons[name].typical for name in cluster.features}
    assert explain_decision(paired, row | typical).score - told.score == pytest.approx(cluster.rise, abs=2e-6)
    assert len({"Your income", "Your credit score"} & set(told.reasons)) == 1
    *_, heads, line = format_explanation(told, paired.model.contract).splitlines()
    assert heads.split() == ["one", "reason", "at", "the", "most", "together", "by"]
    assert line.split() == ["income,", "points", f"{cluster.rise:+.4f}"]


def test_a_value_that_is_better_than_typical_is_shown_as_no_reason(
    paired: NamedModel, rows: list[dict[str, Any]]
) -> None:
    """Whichever home is typical of the small lender, a rented one lets the score rise and is called better here."""
    row = rows[0] | {"home": "rent"}
    bar = {"home": replace_typical(paired, "home", "own")}
    decider = paired._replace(model=replace(paired.model, reasons={**paired.model.reasons, **bar}))
    told = explain_decision(decider, row)
    home = next(one for one in told.features if one.feature == "home")
    assert (home.better, home.rise > 0) == (True, True)
    assert "Your home" not in told.reasons
    line = next(
        line for line in format_explanation(told, paired.model.contract).splitlines() if line.startswith("home")
    )
    assert line.endswith("better than theirs, so no reason")
    others = [
        line
        for line in format_explanation(told, paired.model.contract).splitlines()
        if line.startswith(("self", "bureau"))
    ]
    assert not any("better" in line for line in others)


def replace_typical(decider: NamedModel, name: str, value: str) -> FeatureReason:
    return decider.model.reasons[name].model_copy(update={"typical": value})


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

"""The stage that puts a version into one folder."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.policy_limits import PolicyLimits, RatioLimit
from credit.common.candidate_definition import label_candidate
from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.fairness.policies import Fairness
from credit.packaging.build import BundleInputs, build_bundle
from credit.reports.choice import Choice
from credit.training.agreement import PackageParams
from stages.package import find_limits
from testing.lenders.frozen import CANDIDATES, LENDER, ROOT
from testing.warm.commands import find_warm_commands

PARAMS = PackageParams(max_other_decisions=0)


@pytest.fixture
def reports(inputs: BundleInputs, tmp_path: Path) -> Path:
    """The committed reports about the candidates of the small lender."""
    folder = Path(shutil.copytree(LENDER / "reports", tmp_path / "reports"))
    shutil.copytree(inputs.candidates, folder / "candidates", dirs_exist_ok=True)
    return folder


def start(
    inputs: BundleInputs, reports: Path, bundle: Path, seed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the stage; with a seed of hashes cold, as a fork has that of its parent."""
    program = sys.executable if seed else str(find_warm_commands() / "python")
    arguments = [inputs.contract, inputs.train, inputs.test, inputs.models, reports, LENDER / "waivers", bundle]
    return subprocess.run(
        [program, "-m", "stages", "package", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | ({"PYTHONHASHSEED": seed} if seed else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def run(inputs: BundleInputs, reports: Path, bundle: Path, seed: str | None = None) -> str:
    done = start(inputs, reports, bundle, seed)
    assert not done.returncode, done.stderr
    return done.stdout


def refuse(inputs: BundleInputs, reports: Path) -> str:
    """What the stage says of reports that it cannot use."""
    done = start(inputs, reports, reports.parent / "bundle")
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("champion", CANDIDATES)
def test_two_processes_write_the_same_bytes(champion: str, inputs: BundleInputs, reports: Path, tmp_path: Path) -> None:
    choice = json.loads((reports / "choice.json").read_text()) | {"champion": champion}
    (reports / "choice.json").write_text(json.dumps(choice))
    hashes = []
    for seed in ("1", None):
        told = run(inputs, reports, tmp_path / "bundle", seed)
        assert told.startswith(f"{champion}: 400 test rows agree to ")
        files = sorted((tmp_path / "bundle").iterdir())
        hashes.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert hashes[0] == hashes[1]
    assert load_bundle(tmp_path / "bundle").manifest.candidate == champion
    for name in ("metrics.json", f"fairness/{champion}.json"):
        inside = "fairness.json" if "fairness" in name else name
        assert (tmp_path / "bundle" / inside).read_bytes() == (reports / name).read_bytes()
    assert (
        (tmp_path / "bundle/model_card.md")
        .read_text()
        .startswith(f"# Model card: {label_candidate(champion)}, small\n")
    )


def test_what_the_data_did_not_decide_is_in_the_bundle_for_live_monitoring(
    inputs: BundleInputs, reports: Path, tmp_path: Path
) -> None:
    path = reports / "fairness/heuristic.json"
    judged = json.loads(path.read_text())
    obligation = {
        "attribute": "race", "group": "Black", "measure": "adverse_impact_ratio", "value": 0.7,
        "interval": [0.5, 0.9], "people": 10, "at_least": 0.8, "at_most": None, "planned_ratio": 0.7, "power": 0.3,
        "more_people_to_decide": 40,
    }  # fmt: skip
    path.write_text(json.dumps(judged | {"obligations": [obligation]}))
    run(inputs, reports, tmp_path / "bundle")
    assert json.loads((tmp_path / "bundle/obligations.json").read_text()) == [obligation]


def test_the_limit_of_the_policy_is_in_the_bundle_for_live_monitoring(
    inputs: BundleInputs, reports: Path, tmp_path: Path
) -> None:
    fairness = read_params(Fairness, "fairness", ROOT / "params.yaml")
    run(inputs, reports, tmp_path / "bundle")
    limits = load_bundle(tmp_path / "bundle").limits
    assert limits is not None
    assert limits.policy == fairness.policy
    of_policy = fairness.chosen_policy.limits["adverse_impact_ratio"]
    assert limits.adverse_impact_ratio == RatioLimit(at_least=of_policy.at_least, source=of_policy.source)
    others = fairness.switch_policy("equal_opportunity")
    assert find_limits(others) == PolicyLimits(policy="equal_opportunity", adverse_impact_ratio=None)


def test_other_stages_add_their_files(inputs: BundleInputs, tmp_path: Path) -> None:
    manifest, _ = build_bundle("heuristic", inputs, PARAMS, tmp_path / "bundle", {"model_card.md": b"# Card"})
    assert (tmp_path / "bundle/model_card.md").read_bytes() == b"# Card"
    assert load_bundle(tmp_path / "bundle").manifest == manifest
    with pytest.raises(CreditError, match=r"policy\.json"):
        build_bundle("heuristic", inputs, PARAMS, tmp_path / "bundle", {"policy.json": b"{}"})


def test_the_bundle_holds_what_was_trained(inputs: BundleInputs, tmp_path: Path) -> None:
    build_bundle("logistic", inputs, PARAMS, tmp_path / "b", {})
    assert (tmp_path / "b/model.skops").read_bytes() == (inputs.models / "logistic.skops").read_bytes()
    assert (tmp_path / "b/contract.yaml").read_bytes() == inputs.contract.read_bytes()
    trained = json.loads((inputs.candidates / "logistic.json").read_text())
    assert json.loads((tmp_path / "b/policy.json").read_text()) == trained["policy"]
    assert json.loads((tmp_path / "b/features.json").read_text())["features"] == trained["features"]
    rule = json.loads((tmp_path / "b/heuristic.json").read_text())
    assert (rule["column"], rule["threshold"]) == ("points", 600)
    assert rule["policy"] == json.loads((inputs.candidates / "heuristic.json").read_text())["policy"]


def test_a_feature_without_words_stops_packaging_and_leaves_the_old_bundle(
    inputs: BundleInputs, tmp_path: Path
) -> None:
    build_bundle("logistic", inputs, PARAMS, tmp_path / "b", {})
    silent = tmp_path / "c.yaml"
    silent.write_text(inputs.contract.read_text().replace(", reason: Self-employment", ""))
    with pytest.raises(CreditError, match=r"c\.yaml: columns\.self\.reason: found no words, expected the words"):
        build_bundle("logistic", inputs._replace(contract=silent), PARAMS, tmp_path / "b", {})
    assert load_bundle(tmp_path / "b")


def test_a_protected_attribute_among_the_features_stops_packaging(inputs: BundleInputs, tmp_path: Path) -> None:
    """However it came there: the contract has the last word."""
    turned = tmp_path / "c.yaml"
    changed = "role: protected, allowed: [own, rent, other], reference: own,"
    turned.write_text(inputs.contract.read_text().replace("role: feature, allowed: [own, rent, other],", changed))
    with pytest.raises(CreditError, match="found a column of role protected as a reason, expected a feature"):
        build_bundle("logistic", inputs._replace(contract=turned), PARAMS, tmp_path / "b", {})
    assert not (tmp_path / "b").exists()


def edit_choice(reports: Path, **changes: Any) -> None:
    content = json.loads((reports / "choice.json").read_text())
    (reports / "choice.json").write_text(json.dumps(content | changes))


@pytest.mark.parametrize("champion", ["best", None])
def test_a_choice_that_is_none_of_the_candidates_is_an_error(reports: Path, champion: str | None) -> None:
    edit_choice(reports, champion=champion)
    with pytest.raises(CreditError, match=rf"choice\.json: champion: found {champion!r}, expected") as caught:
        Choice.read(reports / "choice.json")
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"champion": '])
def test_a_choice_without_content_is_one_line(inputs: BundleInputs, reports: Path, content: str) -> None:
    (reports / "choice.json").write_text(content)
    told = refuse(inputs, reports)
    assert told.startswith(f"error: {reports}/choice.json: ")
    assert told.count("\n") == 1

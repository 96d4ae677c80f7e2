"""Whose decision changes is counted person by person, on the real pipeline."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from credit.contract import load_contract
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from release.compare.decisions import DecisionComparison, compare_predictions
from release.compare.same_people import Uncompared
from testing.lenders.frozen import LENDER
from testing.lenders.small import CONTRACT
from testing.projects import Project


def test_flips_are_those_that_a_person_would_count(finished: Project) -> None:
    """The champion is the rule; let the random forest go forward instead, and count anew with pandas."""
    choice = json.loads((finished.folder / "reports/choice.json").read_text())
    choice["champion"] = "random_forest"
    (finished.folder / "reports/choice.json").write_text(json.dumps(choice))
    told = json.loads(finished.run("python", "-m", "release", "compare", "HEAD", "--json").stdout)["people"]
    files = [finished.folder / f"data/predictions/{name}.parquet" for name in ("heuristic", "random_forest")]
    old, new = map(pd.read_parquet, files)
    table = pd.crosstab(old["decision"].astype(str), new["decision"].astype(str))
    expected = [[int(table.get(b, {}).get(a, 0)) for b in told["decisions"]] for a in told["decisions"]]
    assert told["flips"] == expected
    assert told["flipped"] == int((old["decision"].astype(str) != new["decision"].astype(str)).sum()) > 50
    black = next(f for f in told["findings"] if (f["attribute"], f["group"]) == ("race", "Black"))
    of = old["group_race"].astype(str) == "Black"
    refused = of & (old["decision"].astype(str) == "approve") & (new["decision"].astype(str) == "deny")
    assert black["flips"]["approve_to_deny"] == int(refused.sum())
    assert black["adverse_impact_ratio_change"] < 0


def test_the_gate_fails_with_3_and_says_why_when_a_report_was_edited_by_hand(project: Project) -> None:
    """A fresh clone, without any data: reports and dvc.lock are in git."""
    gate = ("python", "-m", "release", "compare", "HEAD", "--gate")
    assert project.run(*gate).returncode == 0
    project.edit("reports/fairness/heuristic.json", '"verdict": "unequal"', '"verdict": "pass"')
    done = project.run(*gate, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    first = "### ❌ Do not merge\n- reports/fairness is not what the pipeline wrote; run dvc repro\n"
    assert first in done.stdout


def test_a_clone_without_any_data_says_how_to_get_it(project: Project) -> None:
    done = project.run("python", "-m", "release", "compare", "HEAD", "--json")
    why = json.loads(done.stdout)["people"]["why_not"]
    assert "neither in DVC's cache nor in its remote" in why
    assert "dvc p" in why
    assert "Traceback" not in done.stderr


def test_predictions_that_are_nowhere_are_said_to_be(finished: Project) -> None:
    finished.run("git", "commit", "--quiet", "--allow-empty", "--message", "more")
    for path in (finished.folder / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file() and not path.name.endswith(".dir"):
            path.unlink()
    done = finished.run("python", "-m", "release", "compare", "HEAD~1", "--json")
    assert "neither in DVC's cache nor in its remote" in json.loads(done.stdout)["people"]["why_not"]


ID = "  person: {type: integer, role: id, description: d}\n"
PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())["fairness"]


def people_of(ids: list[int], decisions: str) -> Predictions:
    """What a version said of people with an id; those with an even one are white. A letter per decision."""
    names = {"a": "approve", "r": "refer", "d": "deny"}
    n = len(ids)
    told = pd.DataFrame({"person": ids, "race": ["Black" if one % 2 else "white" for one in ids]})
    chosen = np.array([names[letter] for letter in decisions])
    return Predictions(told, np.zeros(n, np.int64), np.ones(n, np.bool_), np.full(n, 0.5), chosen)


def told_of(tmp_path: Path, old: Predictions, new: Predictions) -> DecisionComparison | Uncompared:
    file = tmp_path / "contract.yaml"
    file.write_text(CONTRACT.replace("  paid:", f"{ID}  paid:"))
    return compare_predictions(load_contract(file), Fairness.model_validate(PARAMS), old, new)


def test_people_are_joined_by_their_id_whatever_their_order_and_nobody_is_lost_uncounted(tmp_path: Path) -> None:
    told = told_of(tmp_path, people_of([1, 2, 3, 4, 9], "aardd"), people_of([4, 3, 2, 1, 6, 7], "adaraa"))
    assert isinstance(told, DecisionComparison)
    assert (told.people, told.only_in_base, told.only_in_head) == (4, 1, 2)
    assert told.decisions == ("approve", "refer", "deny")
    assert told.flips == ((1, 1, 0), (0, 0, 1), (1, 0, 0))
    assert told.flipped == 3
    black = next(finding for finding in told.findings if finding.group == "Black")
    assert {flip: n for flip, n in black.flips.items() if n} == {"approve_to_refer": 1, "refer_to_deny": 1}


def test_the_json_of_the_decisions_has_these_keys_in_this_order(tmp_path: Path) -> None:
    content = told_of(tmp_path, people_of([1, 2], "ar"), people_of([1, 2], "rd")).model_dump()
    assert " ".join(content) == "people only_in_base only_in_head decisions flips flipped level blocks findings roc_auc"
    assert " ".join(content["findings"][0]) == (
        "attribute group people adverse_impact_ratio adverse_impact_ratio_change adverse_impact_ratio_change_interval "
        "true_positive_rate_change true_positive_rate_change_interval flips blocks reason"
    )


def test_tables_about_nobody_in_common_are_said_to_be(tmp_path: Path) -> None:
    told = told_of(tmp_path, people_of([1, 2], "aa"), people_of([3, 4], "aa"))
    assert told == Uncompared(why_not="no person is in both tables of predictions")


def test_the_quality_of_both_sides_on_the_same_people_is_scikit_learns_and_its_interval_that_of_resampling(
    tmp_path: Path,
) -> None:
    """Paired: the change of two scores of the same people is much surer than the two areas by themselves."""
    rng = np.random.default_rng(0)
    n = 400
    label = rng.random(n) < 0.6
    old = 1 / (1 + np.exp(-(label + rng.normal(size=n))))
    new = np.clip(old + rng.normal(size=n) / 50, 0, 1)
    ids = list(range(n))
    both = [people_of(ids, "a" * n)._replace(favourable=label, scores=scores) for scores in (old, new)]
    both[0].scores[:3] = np.nan  # of whom one side has no score
    told = told_of(tmp_path, *both)
    assert isinstance(told, DecisionComparison)
    quality = told.roc_auc
    assert quality is not None
    label, old, new = label[3:], old[3:], new[3:]
    assert quality.people == n - 3
    assert quality.base == pytest.approx(roc_auc_score(label, old))
    assert quality.head == pytest.approx(roc_auc_score(label, new))
    assert quality.change == pytest.approx(quality.head - quality.base)
    drawn = []
    for _ in range(400):
        at = rng.integers(0, len(label), len(label))
        drawn.append(roc_auc_score(label[at], new[at]) - roc_auc_score(label[at], old[at]))
    assert quality.interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.0015)
    one_class = [one._replace(favourable=np.ones(n, np.bool_)) for one in both]
    told = told_of(tmp_path, *one_class)
    assert isinstance(told, DecisionComparison)
    assert told.roc_auc is None

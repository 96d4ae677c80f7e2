"""A lender without a score: a rule of SQL where less is better, and a leak, from the raw file to the service."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.bundle.bundle import load_bundle
from credit.packaging.build import BundleInputs, PackageParams, build_bundle
from service.engine.loading import load_folder
from testing.projects import Project, shorten_pipeline

CONTRACT = """\
name: burdens
row: one loan
source: {title: made for a test, licence: none, citation: none}
columns:
  income: {type: number, role: feature, missing: allowed, description: income, reason: Your income}
  debt: {type: number, role: feature, description: debt, reason: Your debt}
  home: {type: category, role: feature, allowed: ["1", "2"], description: home, reason: Your home}
  recovered: {type: number, role: feature, description: paid after a reminder, reason: Reminders}
  origin:
    type: category
    role: protected
    allowed: ["1", "2"]
    labels: {"1": from here, "2": from elsewhere}
    reference: "1"
    description: origin
  paid: {type: boolean, role: label, favourable: true, description: paid back}
rule:
  sql: 100 * debt / income
  threshold: 36
  approve: at_most
  reason: Your debt compared with your income
  reason_if_missing: We do not know your income
"""
LEAK = "role: feature, description: paid after"


def make_burdens(rows: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    income, debt = rng.lognormal(4.6, 0.4, rows).round(2), rng.lognormal(3.5, 0.5, rows).round(2)
    paid = rng.random(rows) < 1 / (1 + np.exp((100 * debt / income - 45) / 12))
    return pd.DataFrame(
        {
            "income": np.where(rng.random(rows) < 0.03, np.nan, income),
            "debt": debt,
            "home": rng.choice(["1", "2"], rows),
            "recovered": np.where(paid, 0, rng.exponential(9, rows).round(2) + 1),
            "origin": rng.choice(["1", "2"], rows),
            "paid": paid.astype(int),
        }
    )


@pytest.fixture
def burdens(project: Project) -> Project:
    """A clone that is switched to a contract of its own, with the leak in it."""
    (project.folder / "data/contracts/burdens.yaml").write_text(CONTRACT)
    project.edit("params.yaml", "contract: loanapp ", "contract: burdens ")
    shorten_pipeline(project)
    make_burdens().to_csv(project.folder / "data/raw/burdens", index=False)
    project.run("dvc", "add", "data/raw/burdens")
    return project


def find_errors(project: Project, *command: str) -> list[str]:
    done = project.run(*command, check=False)
    assert done.returncode
    assert "Traceback" not in done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("error: ")]


def test_a_leak_stops_the_pipeline_until_somebody_vouches_for_it(burdens: Project) -> None:
    (told,) = find_errors(burdens, "dvc", "repro", "select_features")
    assert told.startswith("error: data/contracts/burdens.yaml: recovered: found an AUC of 1.000 with which it alone")
    burdens.edit("data/contracts/burdens.yaml", LEAK, "known_at_decision: true, " + LEAK)
    burdens.run("dvc", "repro", "select_features")
    assert "recovered" in json.loads((burdens.folder / "reports/features.json").read_text())["kept"]


def test_what_a_contract_lacks_stops_the_first_stage(burdens: Project) -> None:
    text = CONTRACT[: CONTRACT.index("rule:")].replace(", reason: Your debt", "")
    (burdens.folder / "data/contracts/burdens.yaml").write_text(text)
    rule, debt = find_errors(burdens, "dvc", "repro")
    assert "rule: found no column of role score and no rule, expected one of them" in rule
    assert "columns.debt.reason: found no words" in debt
    assert find_errors(burdens, "python", "-m", "contract_draft", "--check", "data/contracts/burdens.yaml") == [
        rule,
        debt,
    ]


def test_a_rule_by_which_less_is_better_goes_all_the_way_to_the_service(burdens: Project, tmp_path: Path) -> None:
    burdens.edit(
        "data/contracts/burdens.yaml", LEAK, "role: ignored, because: after the decision, description: paid after"
    )
    burdens.edit("data/contracts/burdens.yaml", ", reason: Reminders", "")
    burdens.run("dvc", "repro", "--quiet")
    trained = json.loads((burdens.folder / "reports/candidates/heuristic.json").read_text())
    assert trained["features"] == ["rule"]
    assert trained["cross_validated"]["roc_auc"] > 0.7
    assert "rule" not in [row["feature"] for row in json.loads(read(burdens, "reports/features.json"))["features"]]

    check_labels(burdens)

    row = {"income": 100.0, "debt": 36.0, "home": "1"}
    version = load_folder(None, burdens.folder / "models/bundle")
    assert {"income", "debt"} <= set(version.bundle.inputs)
    decided = [version.decide(row | other) for other in ({}, {"debt": 36.1}, {"income": None})]
    assert [one.decision.decision for one in decided] == ["approve", "deny", "refer"]
    assert [one.decision.decided_by for one in decided] == ["rule"] * 3
    assert [one.decision.reasons for one in decided] == [
        (),
        ("Your debt compared with your income",),
        ("We do not know your income",),
    ]
    assert decided[0].rule_because == "no version: neither the store nor the disk has one"

    files = burdens.folder
    inputs = BundleInputs(
        files / "data/contracts/burdens.yaml",
        files / "data/train.parquet",
        files / "data/test.parquet",
        files / "models/candidates",
        files / "reports/candidates",
    )
    build_bundle("heuristic", inputs, PackageParams(max_other_decisions=0), tmp_path / "bundle", {})
    champion = load_folder(None, tmp_path / "bundle")
    as_model = champion.bundle.decide([champion.derivations.add(row | {"debt": debt}) for debt in (36.0, 36.1)])
    assert [one.decision for one in as_model] == ["approve", "deny"]
    assert as_model[1].reasons == ("Your debt compared with your income",)
    assert load_bundle(tmp_path / "bundle").inputs == ("income", "debt")


def check_labels(project: Project) -> None:
    """Codes are keys, and people read their labels beside them."""
    judged = json.loads(read(project, "reports/fairness/logistic.json"))
    assert judged["labels"] == {"origin": {"1": "from here [1]", "2": "from elsewhere [2]"}}
    assert {"origin: 1", "origin: 2"} <= judged["groups"].keys()
    assert {one["group"] for one in judged["findings"]} <= {"1", "2", "undisclosed"}
    own = [one["reason"] for one in judged["findings"] if one["group"] == "2"]
    assert all(reason.startswith("origin from elsewhere [2]: ") for reason in own)
    assert any("of from here [1])" in reason for reason in own)
    page, card = read(project, "reports/report.html"), read(project, "reports/model_card.md")
    assert "from elsewhere [2] <span>" in page
    assert "beside from here [1], " in page
    assert r"from elsewhere \[2\] (origin)" in card
    for text in (page, card, project.run("python", "-m", "credit.summary").stdout):
        assert "from elsewhere" in text
        assert not re.search(r"origin:? [12]\b|\b[12] \(origin\)", text)


def read(project: Project, name: str) -> str:
    return (project.folder / name).read_text()

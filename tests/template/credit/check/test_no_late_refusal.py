"""No stage refuses a contract and parameters that the check passed: mutants of a good lender.

Every place of params.yaml and of the contract is deleted, renamed and replaced. What the check passes is then read as
every stage reads it, and given to the functions by which stages refuse before they look at a row; two that pass go
through the whole pipeline. Rows may still be refused: only they say whether a range fits them.
"""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from bench.project import read_commands
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.variants import list_variants
from credit.choice.champion import ChooseParams, find_incumbent_problems
from credit.common.errors import CreditError
from credit.common.files import read_yaml
from credit.common.params import parse_block, read_params
from credit.contract import Contract, load_contract
from credit.contract.view import strip_words
from credit.data.splitting import SplitParams, is_test_sql
from credit.evaluation.candidates import read_candidate_names
from credit.fairness.counts import count_nobody
from credit.fairness.group_comparison import list_judged_groups
from credit.fairness.policies import Fairness
from credit.fairness.waivers import check_waivers, load_waivers
from credit.scoring.reason_words import word_reasons
from credit.training.search import find_search_problems
from credit.training.train import TrainParams, list_candidate_features
from testing.imports import ROOT
from testing.lenders.quick import CONTRACT_FILE, WAIVERS, QuickLender
from tests.template.credit.check.test_blocks import list_reads

VALUES: tuple[Any, ...] = (
    *(None, -1, 0, 1, 3, 0.5, 1.5, 1e9, 1e-9, float("inf"), True, False),
    *("", "x", "a", "1", "time", "? x", [], {}, ["a"], [1, 2], ["heuristic"], {"a": 1}),
)
ROLES = ("feature", "score", "label", "protected", "id", "group", "time", "ignored")
TYPES = ("boolean", "integer", "number", "category", "text", "date", "timestamp")
READS = sorted(
    {read for file in (ROOT / "stages").glob("[!_]*.py") for read in list_reads(file)}, key=lambda read: read[1]
)


def list_leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in a document."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*path, key)
        yield from list_leaves(node[key], (*path, key))


def mutate(document: dict[str, Any], path: tuple[Any, ...]) -> Iterator[Callable[[Any], dict[str, Any]]]:
    """The ways to change one place of a document: the last takes a value."""

    def change(act: Callable[[Any, Any], None]) -> dict[str, Any]:
        changed = copy.deepcopy(document)
        at = changed
        for key in path[:-1]:
            at = at[key]
        act(at, path[-1])
        return changed

    yield lambda _: change(lambda at, key: at.pop(key))
    if not isinstance(path[-1], int):
        yield lambda _: change(lambda at, key: at.update({f"{key}_": at.pop(key)}))
    yield lambda value: change(lambda at, key: at.__setitem__(key, value))


def make_mutants(good: QuickLender) -> Iterator[tuple[str, QuickLender]]:
    """Mutants with the place that was changed; each place gets other values in turn."""
    values, roles, types = cycle(VALUES), cycle(ROLES), cycle(TYPES)
    for part in ("params", "contract"):
        for path in list_leaves(getattr(good, part)):
            *others, replace = mutate(getattr(good, part), path)
            given = [next(roles) for _ in ROLES] if path[-1] == "role" else ["x", next(values)]
            given = [next(types) for _ in TYPES] if path[-1] == "type" else given
            for made in [*(other(None) for other in others), *(replace(value) for value in given)]:
                mutant = copy.copy(good)
                setattr(mutant, part, made)
                yield f"{part}: {'.'.join(map(str, path))}", mutant


def refuse_as_stages_do() -> None:
    """Do what stages do before they look at a row, with the files of the current folder; raises CreditError."""
    params = read_yaml(Path("params.yaml"))
    for model, block in READS:
        parse_block(params, model, block, Path("params.yaml"))
    Path("data/contract.yaml").write_text(json.dumps(strip_words(read_yaml(CONTRACT_FILE), str(CONTRACT_FILE))))
    contract, worded = load_contract("data/contract.yaml"), load_contract(CONTRACT_FILE)
    train, names = read_params(TrainParams, "train"), read_candidate_names()
    is_test_sql(contract, read_params(SplitParams, "split"), "t")
    for name in names:
        list_candidate_features(name, contract, list(contract.features), "c.yaml")
        own = train.find_hyperparameters(name)
        assert not (train.search.enabled and find_search_problems(name, own, train.search))
    assert not find_incumbent_problems(read_params(ChooseParams, "choose"), names)
    list_variants(read_params(FindAlternativesParams, "find_alternatives"), train, contract)
    judge_waivers(contract, read_params(Fairness, "fairness"), names)
    word_reasons(worded, dict.fromkeys(worded.features), "c.yaml")
    word_reasons(worded, dict.fromkeys(filter(None, [worded.rule_column])), "c.yaml", "rule")


def judge_waivers(contract: Contract, fairness: Fairness, names: tuple[str, ...]) -> None:
    """Check the waivers as `fairness` does."""
    groups = list_judged_groups(count_nobody(contract), fairness.chosen_policy, fairness.rules)
    check_waivers(load_waivers(WAIVERS), names, groups, fairness.chosen_policy, date.today())


def tie_parameters(lender: QuickLender) -> None:
    """Make the parameters name columns, candidates and each other, so that a change at one place breaks another."""
    params = lender.params
    params["split"]["by"] = "time"
    params["fairness"]["rules"]["primary"] = ["group"]
    params["choose"]["incumbent"] = "logistic"
    params["train"]["search"] |= {"enabled": True, "logistic": {"C": [1, 10]}}
    lender.contract["rule"] = {"sql": "income", "threshold": 1, "approve": "at_least", "reason": "Your income"}
    lender.contract["columns"]["score"] |= {"role": "feature"}
    del lender.contract["columns"]["score"]["threshold"]
    Path("waivers/one.yaml").write_text(
        "{candidate: logistic, attribute: group, group: b, measure: adverse_impact_ratio, "
        f"who: A, why: w, until: {date.today() + timedelta(90)}}}"
    )


def test_no_stage_refuses_what_the_check_passed(lender: QuickLender) -> None:
    tie_parameters(lender)
    assert lender.check() == []
    refused = passed = 0
    for place, mutant in make_mutants(lender):
        if mutant.check():
            refused += 1
            continue
        passed += 1
        try:
            refuse_as_stages_do()
        except CreditError as error:
            pytest.fail(f"{place}: {error}")
    assert refused > 300
    assert passed > 100


def change_everything(lender: QuickLender) -> None:
    """Values that are unusual and right: another policy, rule, role, share and incumbent."""
    columns, params = lender.contract["columns"], lender.params
    columns["score"] = {"type": "number", "role": "feature", "missing": "allowed", "description": "s", "reason": "r"}
    columns["id"]["role"] = "group"
    columns["home"] |= {"role": "protected", "reference": "own", "labels": {"own": "owner"}}
    del columns["home"]["reason"]
    lender.contract["rule"] = {"sql": "-score", "threshold": -600, "approve": "at_most", "reason": "Your score"}
    params["fairness"] |= {"policy": "equal_opportunity"}
    params["fairness"]["rules"] |= {"primary": ["home"], "block_from": "undecided"}
    params["train"]["policy"] = {"approval_share": 1, "referral_budget": 0}
    params["train"]["candidates"] = ["random_forest", "heuristic"]
    params["train"]["search"] |= {"enabled": True, "folds": 2, "random_forest": {"max_depth": ["3", None]}}
    params["select_features"]["max_auc"] = None
    params["find_alternatives"] |= {"read_protected": False, "reweighed_logistic": [], "blends": []}
    params["choose"] |= {"metric": "accuracy", "incumbent": "random_forest"}
    params["choose"]["gates"] = dict.fromkeys(params["choose"]["gates"])


def judge_the_test_rows(lender: QuickLender) -> None:
    """Rows that are split by time, judged as they are, by the rule alone."""
    lender.params["split"] |= {"by": "time"}
    lender.params["train"] |= {"candidates": ["heuristic"], "read_protected": False}
    for name in ("logistic", "random_forest", "fair_logistic"):
        del lender.params["train"][name]
    lender.params["find_alternatives"]["reweighed_logistic"] = []
    lender.params["validate"] |= {"max_quarantined": 0, "min_group": 0}


@pytest.mark.parametrize("change", [change_everything, judge_the_test_rows])
def test_the_pipeline_goes_all_the_way_with_what_the_check_passed(
    lender: QuickLender, change: Callable[[QuickLender], None]
) -> None:
    change(lender)
    assert lender.check(raw=True) == []
    for name, (_, _, _, stage, *arguments) in read_commands(Path()).items():
        if not name.startswith("fetch"):
            import_module(f"stages.{stage}").run.main(arguments, stage, standalone_mode=False)
    assert Path("models/bundle/manifest.json").exists()

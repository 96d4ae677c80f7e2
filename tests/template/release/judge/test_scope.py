"""What a change may bring, and what judges it."""

from copy import deepcopy
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from credit.contract.columns import Column
from release.judge.committed import JUDGE_PATHS
from release.judge.contract_scope import merge_contract
from release.judge.owners import is_owner, render_owners
from release.judge.scope import HARMLESS, is_brought, is_under, merge_params, name_judge_kind
from testing.imports import find_closure
from testing.lenders.frozen import LENDER, ROOT, list_tracked_files

PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())
CONTRACT = yaml.safe_load((ROOT / "data/contracts/loanapp.yaml").read_text())
FAMILY = {"pattern": r"bureau_\d+", "type": "number", "role": "feature", "range": [0, 100], "description": "d"}


def find_features() -> dict[str, Any]:
    return {name: column for name, column in CONTRACT["columns"].items() if column.get("role") == "feature"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("credit/fairness/verdicts.py", "code that judges"),
        ("credit/training/cross_fitting.py", "code that judges"),
        ("credit/something_new.py", "code that judges"),
        ("credit/validation/fitness.py", "code that judges"),
        ("stages/fairness.py", "code that judges"),
        ("waivers/mine.yaml", "waivers"),
        (".github/workflows/judge.yml", "workflows"),
        (".github/actions/setup/action.yml", "workflows"),
        (".github/CODEOWNERS", "workflows"),
        (".ci/run", "workflows"),
        ("ci/gitlab.yml", "workflows"),
        (".gitlab-ci.yml", "workflows"),
        ("credit/stage_seconds.py", "code that judges"),
        (".dvc/config", "DVC's settings and remotes"),
        ("dvc.yaml", "the pipeline"),
        ("requirements.lock", "packages"),
        ("tests/template/release/judge/test_scope.py", "tests"),
        ("sitecustomize.py", "code that judges"),
        ("credit/candidates/mine.py", None),
        ("credit/training/train.py", None),
        ("data/raw/loans.dvc", None),
        ("reports/choice.json", None),
        ("dvc.lock", None),
        ("docs/fairness.md", None),
        ("service/app.py", "the service that decides"),
        ("credit/report/facts.py", "what goes into a bundle"),
        ("monitoring/prometheus/watch.rules.yml", "what wakes somebody"),
        ("monitoring/grafana/dashboards/service.json", None),
        ("watch/judging.py", "the watch"),
        ("requirements.watch.lock", "packages"),
        ("deploy/kubernetes/base/watch.yaml", "where service and watch run"),
        ("Dockerfile", "where service and watch run"),
        ("data/raw/dvc.yaml", "the pipeline"),
        ("docs/dvc.yaml", "the pipeline"),
        ("reports/dvc.yaml", "the pipeline"),
        ("docs/more.dvc", "the pipeline"),
        ("data/raw/deeper/more.dvc", "the pipeline"),
        ("data/raw/.dvcignore", "the pipeline"),
        ("reports/.gitattributes", "git's settings"),
        ("bench/conftest.py", "tests"),
        ("credit/training/cross_fitting/__init__.py", "code that judges"),
        ("credit/training/cross_fitting.cpython-312-x86_64-linux-gnu.so", "code that judges"),
        ("README.md.py", "code that judges"),
        ("LICENSE.py", "code that judges"),
        ("data/.gitignore", None),
        ("data/raw/.gitignore", None),
    ],
)
def test_a_path_judges_unless_it_is_named_harmless(path: str, kind: str | None) -> None:
    assert name_judge_kind(path) == kind
    assert kind is None or not is_brought(path, with_code=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fairness.policy", "report_only"),
        ("fairness.rules.level", 0.99),
        ("fairness.waivers.longest", 36_500),
        ("validate.max_quarantined", 0.9),
        ("split.salt", "another"),
        ("predict.salt", "another"),
        ("predict.out_of_fold", "never"),
        ("select_in_folds.partitions", 1),
        ("choose.gates.lowest_roc_auc", None),
        ("choose.incumbent", "logistic"),
        ("evaluate.unit_values.approve_unfavourable", 0),
        ("package.max_other_decisions", 5000),
        ("select_features.max_auc", None),
        ("stability.least_agreement", 0.1),
        ("watch.acts", False),
        ("watch.alpha", 0.5),
    ],
)
def test_a_parameter_that_judges_is_the_bases(key: str, value: Any) -> None:
    head = deepcopy(PARAMS)
    *blocks, last = key.split(".")
    block = head
    for name in blocks:
        block = block[name]
    assert block[last] != value
    block[last] = value
    assert merge_params(PARAMS, head) == PARAMS


@pytest.mark.parametrize("block", ["fairness", "validate", "choose"])
def test_a_block_that_is_gone_is_back_and_one_that_the_base_lacks_is_gone(block: str) -> None:
    less = {name: of for name, of in PARAMS.items() if name != block}
    assert merge_params(PARAMS, less) == PARAMS
    assert merge_params(less, PARAMS) == less
    assert merge_params(PARAMS, PARAMS | {"a_block_that_nobody_knows": {"limit": 0}}) == PARAMS


@pytest.mark.parametrize("name", ["train", "fetch"])
def test_a_parameter_that_does_not_judge_is_the_changes(name: str) -> None:
    head = PARAMS | {name: {"of": "the change"}}
    assert merge_params(PARAMS, head) == head


def change_column(name: str, **fields: Any) -> dict[str, Any]:
    """Change fields of a column of the contract; None removes one."""
    head = deepcopy(CONTRACT)
    column = head["columns"].setdefault(name, {})
    column.update(fields)
    for key in [key for key, value in fields.items() if value is None]:
        del column[key]
    return head


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "ignored", "reference": None, "because": "not needed"},
        {"allowed": ["white", "other"]},
        {"sql": "'white'"},
        {"reference": "Black"},
        {"missing_codes": ["Black"]},
    ],
)
def test_a_protected_attribute_is_the_bases_whatever_becomes_of_it(fields: dict[str, Any]) -> None:
    merged, changes = merge_contract(CONTRACT, change_column("race", **fields))
    assert merged["columns"]["race"] == CONTRACT["columns"]["race"]
    assert [(one.where, one.is_used) for one in changes] == [("columns.race", False)]


def test_a_protected_attribute_that_is_taken_out_is_judged_by_still() -> None:
    head = deepcopy(CONTRACT)
    del head["columns"]["race"]
    merged, changes = merge_contract(CONTRACT, head)
    assert merged == CONTRACT
    assert [one.where for one in changes] == ["columns.race"]


def test_a_coarser_attribute_beside_an_ignored_one_is_judged_too_and_the_finer_one_stays() -> None:
    head = change_column("race", role="ignored", reference=None, because="coarser is enough")
    coarse = {"type": "category", "role": "protected", "allowed": ["all"], "reference": "all", "sql": "'all'"}
    head["columns"]["origin"] = coarse
    merged, changes = merge_contract(CONTRACT, head)
    assert merged["columns"]["race"] == CONTRACT["columns"]["race"]
    assert merged["columns"]["origin"] == coarse
    assert [(one.where, one.is_used) for one in changes] == [("columns.race", False), ("columns.origin", True)]


@pytest.mark.parametrize("fields", [{"favourable": False}, {"role": "feature", "favourable": None}])
def test_the_label_is_the_bases(fields: dict[str, Any]) -> None:
    assert merge_contract(CONTRACT, change_column("approve", **fields))[0] == CONTRACT


def test_a_new_id_deals_nobody_anew_before_the_base_has_it() -> None:
    merged, changes = merge_contract(CONTRACT, change_column("number", role="id", type="integer", description="new"))
    assert merged["columns"]["number"]["role"] == "ignored"
    assert [one.where for one in changes] == ["columns.number"]


@pytest.mark.parametrize("fields", [{"range": [4000, 5000]}, {"range": None}, {"missing": "allowed"}])
def test_limits_of_a_feature_which_set_rows_aside_are_the_bases(fields: dict[str, Any]) -> None:
    merged, changes = merge_contract(CONTRACT, change_column("loanamt", **fields))
    assert merged == CONTRACT
    assert [one.where for one in changes] == [f"columns.loanamt.{name}" for name in fields]


@pytest.mark.parametrize("word", [{"known_at_decision": True}, {"more_is": "worse"}, {"about": "place"}])
def test_what_is_vouched_for_about_a_feature_is_the_bases_and_told(word: dict[str, Any]) -> None:
    """A leak that is said to be none passes their limit; without its direction the gate on directions is gone."""
    (key, value), without = *word.items(), change_column("loanamt", **dict.fromkeys(word))
    merged, changes = merge_contract(change_column("loanamt", **word), without)
    assert merged["columns"]["loanamt"][key] == value
    assert changes == [(f"columns.loanamt.{key}", value, None, False)]
    merged, changes = merge_contract(without, change_column("loanamt", **word))
    adds_a_gate = key != "known_at_decision"
    assert (merged["columns"]["loanamt"].get(key) == value) is adds_a_gate
    assert changes == [(f"columns.loanamt.{key}", None, value, adds_a_gate)]


SIDED = {"type": "number", "description": "d", "role": "feature"}
LOW = SIDED | {"more_is": "better", "reason": {"too_low": "too little"}}
BOTH = SIDED | {"reason": {"too_low": "too little", "too_high": "too much"}}


@pytest.mark.parametrize(
    ("base", "head", "direction"),
    [
        (SIDED | {"role": "ignored", "because": "not yet"}, LOW, "better"),
        (BOTH, LOW, "better"),
        (LOW, BOTH, "better"),
        (LOW, SIDED | {"more_is": "worse", "reason": {"too_high": "too much"}}, "better"),
    ],
)
def test_a_reason_has_the_sides_of_the_direction_that_judges(
    base: dict[str, Any], head: dict[str, Any], direction: str
) -> None:
    """Else no older version could be judged once main says which values are better, and no change could say it."""
    columns = ({**CONTRACT, "columns": {**CONTRACT["columns"], "savings": one}} for one in (base, head))
    merged, _ = merge_contract(*columns)
    column = merged["columns"]["savings"]
    assert column["more_is"] == direction
    assert Column.model_validate(column).reason


def test_a_new_column_is_no_leak_by_the_word_of_its_own_author() -> None:
    new = {"type": "number", "role": "feature", "description": "d", "reason": "r", "sql": "loanamt"}
    head = change_column("new", **new, known_at_decision=True)
    merged, changes = merge_contract(CONTRACT, head)
    assert merged["columns"]["new"] == new
    assert [(one.where, one.is_used) for one in changes] == [("columns.new.known_at_decision", False)]
    families = {"bureau": FAMILY | {"known_at_decision": True}}
    merged, changes = merge_contract(CONTRACT, CONTRACT | {"families": families})
    assert merged["families"] == {"bureau": FAMILY}
    assert [one.where for one in changes] == ["families.bureau", "families.bureau.known_at_decision"]


def test_a_feature_that_the_change_ignores_keeps_no_direction_that_only_a_feature_has() -> None:
    base = change_column("loanamt", more_is="worse")
    head = change_column("loanamt", role="ignored", because="not needed", reason=None, more_is=None)
    merged, changes = merge_contract(base, head)
    assert "more_is" not in merged["columns"]["loanamt"]
    assert changes == []


def test_features_come_and_go_with_the_change_and_the_rule_is_told() -> None:
    head = change_column("suffolk", role="ignored", because="not needed", reason=None)
    head["rule"] = {**(CONTRACT.get("rule") or {}), "approve_from": 0.1}
    del head["columns"]["loanamt"]
    merged, changes = merge_contract(CONTRACT, head)
    assert merged == head
    assert [(one.where, one.is_used) for one in changes] == [("rule", True)]


def matches_as_on_github(pattern: str, path: str) -> bool:
    """A pattern without a slash is of names, in any folder; one that ends with a slash is of all that is below."""
    if "/" not in pattern:
        return fnmatch(PurePosixPath(path).name, pattern)
    return f"/{path}".startswith(pattern) if pattern.endswith("/") else PurePosixPath(f"/{path}").match(pattern)


def test_codeowners_owns_what_judges_and_what_makes_predictions() -> None:
    """As GitHub reads it: the last line that matches a path says who."""
    owner_of: dict[str, bool] = {}
    lines = [line.split() for line in render_owners(["@us/risk"]).splitlines() if not line.startswith("#")]
    for path in [
        *list_tracked_files(),
        "data/raw/dvc.yaml",
        "docs/dvc.yaml",
        "docs/more.dvc",
        "reports/.gitattributes",
    ]:
        for pattern, *owners in lines:
            if matches_as_on_github(pattern, path):
                owner_of[path] = bool(owners)
    assert not owner_of["data/raw/.gitignore"]
    unowned = {path for path, owned in owner_of.items() if not owned}
    assert unowned
    assert not {path for path in unowned if name_judge_kind(path) or path.startswith("credit/training/")}
    assert owner_of["params.yaml"]
    assert owner_of["data/contracts/loanapp.yaml"]
    assert all(path in owner_of for path in list_tracked_files())


@pytest.mark.parametrize(
    ("name", "right"),
    [("@us/risk", True), ("@someone", True), ("a@b.org", True), ("us/risk", False), ("@", False), ("@a b", False)],
)
def test_an_owner_is_what_github_takes_for_one(name: str, right: bool) -> None:
    assert is_owner(name) is right


def test_what_a_protected_attribute_is_computed_of_is_the_bases_and_cannot_come_back_as_a_family() -> None:
    """`sex` is computed of `male`, which is `ignored`: its levels swapped, men would be the group of women."""
    head = deepcopy(CONTRACT)
    del head["columns"]["male"]
    swapped = {"pattern": "male", "type": "category", "role": "ignored", "allowed": ["yes", "no"], "description": "d"}
    head["families"] = {"m": swapped | {"fold": {"no": ["1"], "yes": ["0"]}}}
    merged, changes = merge_contract(CONTRACT, head)
    assert merged["columns"]["male"] == CONTRACT["columns"]["male"]
    assert {one.where for one in changes} == {"columns.male", "families.m"}
    edited = deepcopy(CONTRACT)
    edited["columns"]["black"]["description"] = "another"
    merged, changes = merge_contract(CONTRACT, edited)
    assert merged["columns"]["black"] == CONTRACT["columns"]["black"]
    assert [one.where for one in changes] == ["columns.black"]


def test_a_column_that_becomes_part_of_a_family_keeps_its_limits() -> None:
    head = deepcopy(CONTRACT)
    name = next(
        key for key, column in CONTRACT["columns"].items() if column.get("role") == "feature" and "range" in column
    )
    del head["columns"][name]
    head["families"] = {
        "narrow": {"pattern": name, "type": "number", "role": "feature", "range": [0, 1], "description": "d"}
    }
    merged, changes = merge_contract(CONTRACT, head)
    assert merged["columns"][name] == CONTRACT["columns"][name]
    assert f"columns.{name}" in {one.where for one in changes}


def test_the_limits_of_families_are_the_bases_also_for_a_member_that_is_described_by_itself() -> None:
    base = CONTRACT | {"families": {"bureau": FAMILY}}
    narrow = CONTRACT | {"families": {"bureau": FAMILY | {"range": [0, 1], "description": "more"}}}
    merged, changes = merge_contract(base, narrow)
    assert merged["families"] == {"bureau": FAMILY | {"description": "more"}}
    assert [(one.where, one.is_used) for one in changes] == [("families.bureau.range", False)]
    columns = CONTRACT["columns"] | {
        "bureau_1": {"type": "number", "role": "feature", "range": [0, 1], "description": "d"}
    }
    merged, _ = merge_contract(base, {**base, "columns": columns})
    assert merged["columns"]["bureau_1"]["range"] == [0, 100]
    merged, changes = merge_contract(base, CONTRACT)
    assert merged["families"] == {"bureau": FAMILY}
    assert [one.where for one in changes] == ["families.bureau"]


@pytest.mark.parametrize(
    "limit", [{"fold": {"a": ["b"]}}, {"new_levels": "a"}, {"type": "text"}, {"format": {"decimal": ","}}]
)
def test_how_a_column_is_read_and_folded_is_the_bases(limit: dict[str, Any]) -> None:
    name = next(iter(find_features()))
    head = deepcopy(CONTRACT)
    head["columns"][name] |= limit
    merged, changes = merge_contract(CONTRACT, head)
    assert merged["columns"][name] == CONTRACT["columns"][name]
    assert [one.is_used for one in changes] == [False]
    merged, changes = merge_contract(CONTRACT, CONTRACT | {"format": {"decimal": ","}})
    assert "format" not in merged
    assert [one.where for one in changes] == ["format"]


def test_what_is_harmless_is_loaded_by_nothing_that_makes_judges_or_decides_by_a_version() -> None:
    """A model card is in a bundle, so the code that writes it runs where the bundle is made, and may change it."""
    closure = find_closure(*(file for name in ("stages", "release", "service") for file in (ROOT / name).rglob("*.py")))
    loaded = [str(file.relative_to(ROOT)) for file in closure]
    assert [path for path in loaded if is_under(path, HARMLESS)] == []


def test_a_checkout_must_have_all_of_mains_code_that_judges_a_commit() -> None:
    closure = find_closure(ROOT / "release/judge/committed.py", ROOT / "release/registration/admission.py")
    folders = tuple(path if path.endswith(".py") else f"{path}/" for path in JUDGE_PATHS)
    assert [path for file in closure if not is_under(path := str(file.relative_to(ROOT)), folders)] == []
